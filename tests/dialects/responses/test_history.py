import json
from typing import Any

import pytest

from headgate.dialects.responses import history
from headgate.dialects.responses.notes import MINTED_REASONING
from tests.storage.stored_samples import message

SEED = "0123456789abcdef01234567"


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "input": "hi", **fields}).encode()


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("hi", [message("user", "hi")]),
        (["hi"], [message("user", "hi")]),
        ([{"role": "user", "content": "hi"}], [message("user", "hi")]),
        ([{"role": "developer", "content": [{"type": "input_text", "text": "x"}]}],
         [{"type": "message", "role": "developer",
           "content": [{"type": "input_text", "text": "x"}]}]),
        ([{"type": "function_call_output", "call_id": "c", "output": "1"}],
         [{"type": "function_call_output", "call_id": "c", "output": "1"}]),
        ([7, None], []),
        (None, []),
    ],
)  # fmt: skip
def test_an_input_is_a_list_of_whole_items(said: Any, items: Any) -> None:
    assert history.items_of(said) == items


def test_a_text_of_the_model_is_one_of_its_own_kind() -> None:
    (item,) = history.items_of([{"role": "assistant", "content": "hi", "phase": "commentary"}])
    assert item["content"] == [{"type": "output_text", "text": "hi", "annotations": []}]
    assert item["phase"] == "commentary"


def test_every_item_has_an_id_and_a_good_one_is_kept() -> None:
    said = [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b", "id": "msg_mine"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "computer_call_output", "call_id": "c"},
        {"role": "user", "content": "c", "id": "has space"},
    ]
    ids = [item["id"] for item in history.own_items(body(input=said), SEED)]
    assert ids[1] == "msg_mine"
    assert [id_.partition("_")[0] for id_ in ids] == ["msg", "msg", "fc", "item", "msg"]
    assert len(set(ids)) == 5


def test_what_was_said_before_comes_in_front_and_stands_alone() -> None:
    past = [message("user", "one", id="msg_1"), message("assistant", "two", id="msg_2")]
    asked = body(previous_response_id="resp_1", instructions="be brief", store=False)
    told = json.loads(history.completed(asked, past))
    assert told == {
        "model": "m",
        "instructions": "be brief",
        "store": False,
        "input": [message("user", "one"), message("assistant", "two"), message("user", "hi")],
    }


def test_own_items_stay_as_they_were_said() -> None:
    own = [{"role": "user", "content": "hi", "id": "msg_9"}, "raw"]
    told = json.loads(history.completed(body(input=own, conversation="conv_1"), ()))
    assert told == {"model": "m", "input": own}


def test_reasoning_that_only_its_keeper_knows_is_nobodys() -> None:
    past: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
        {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "t"}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    ]
    sealed, bare, search, _ = json.loads(history.completed(body(), past))["input"]
    assert sealed == past[0]
    assert bare == {**past[1], "id": f"{MINTED_REASONING}rs_2"}
    assert search == past[2]


def test_references_are_found_and_resolved() -> None:
    reference = {"type": "item_reference", "id": "msg_1"}
    asked = body(input=[reference, {"role": "user", "content": "hi"}, {**reference, "id": "x"}])
    assert history.references(asked) == ("msg_1", "x")
    found = message("user", "one", id="msg_1")
    told = json.loads(history.resolved(asked, {"msg_1": found}.get))
    assert told["input"][0] == message("user", "one")
    assert told["input"][1:] == json.loads(asked)["input"][1:]
    assert history.references(body()) == ()
    assert history.references(body(input="say item_reference")) == ()


@pytest.mark.parametrize(
    "item",
    [
        b'{"type":"item\\u005freference","id":"msg_1"}',
        b'{"id":"msg_1"}',
        b'{ "type" : null, "id" : "msg_1" }',
        b'{"\\u0069d":"msg_1"}',
        b'{"more":1,"id":"msg_1"}',
    ],
)
def test_a_reference_is_one_however_it_is_written(item: bytes) -> None:
    asked = b'{"model":"m","input":[%b]}' % item
    assert history.references(asked) == ("msg_1",)
    found = message("user", "one")
    assert json.loads(history.resolved(asked, {"msg_1": found}.get))["input"] == [found]


def test_only_what_can_be_referred_to_has_a_name() -> None:
    items = [message("user", "a", id="b"), {"type": "item_reference", "id": "c"}, {}, {"id": ""}]
    assert history.ids_of(items) == ("b",)
    assert history.output_of({"output": [items[0], 5]}) == [items[0]]


def test_alone_a_request_is_tied_to_nothing() -> None:
    asked = body(previous_response_id="r", store=True, background=True, include=[], user="u")
    assert json.loads(history.alone(asked)) == {"model": "m", "input": "hi", "user": "u"}
