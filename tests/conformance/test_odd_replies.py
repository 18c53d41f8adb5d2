"""Replies that careless servers send: what callers of each dialect are told of them."""

from typing import Any

import msgspec
import pytest

from headgate.model.fault import Fault
from tests.conformance import carry, claims, clients
from tests.conformance.carry import CALLERS
from tests.conformance.meaning import Meaning


def told(backend: str, caller: str, body: Any) -> Meaning:
    """What `caller` is told of a whole reply."""
    got = carry.whole(msgspec.json.encode(body), backend, caller, claims.TOLD[caller])
    assert not isinstance(got, Fault), got
    return clients.OF[caller](clients.BODIES[caller](got.body, 200))


def chat(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "r", "object": "chat.completion", "choices": list(choices), **more}


def message(index: int, **said: Any) -> dict[str, Any]:
    return {"index": index, "finish_reason": "stop", "message": {"role": "assistant", **said}}


def call(id_: str, name: str = "look", arguments: str = "{}") -> dict[str, Any]:
    return {
        "id": id_,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


@pytest.mark.parametrize("caller", CALLERS)
def test_calls_of_one_id_are_told_apart(caller: str) -> None:
    body = chat(message(0, tool_calls=[call("a"), call("a"), call("")]))
    got = carry.whole(msgspec.json.encode(body), "chat", caller, claims.TOLD[caller])
    assert isinstance(got, carry.Carried)
    assert len(ids_in(caller, msgspec.json.decode(got.body))) == 3


def ids_in(caller: str, body: Any) -> set[str]:
    match caller:
        case "chat":
            return {c["id"] for c in body["choices"][0]["message"]["tool_calls"]}
        case "messages":
            return {block["id"] for block in body["content"]}
        case _:
            return {item["call_id"] for item in body["output"]}


def test_choices_of_one_index_are_numbered_by_their_place() -> None:
    found = told("chat", "chat", chat(message(0, content="a"), message(0, content="b")))
    assert [answer.text for answer in found.answers] == ["a", "b"]


@pytest.mark.parametrize("caller", CALLERS)
def test_blocks_that_do_not_say_what_they_are_say_nothing(caller: str) -> None:
    text = {"type": "text", "text": "hi"}
    body = {"type": "message", "id": "msg_1", "content": [{}, {"type": 7}, text], "usage": {}}
    found = told("messages", caller, {**body, "stop_reason": "end_turn"})
    assert found.answers[0].text == "hi"
    assert claims_hold("messages", body)


@pytest.mark.parametrize("caller", CALLERS)
def test_items_that_do_not_say_what_they_are_say_nothing(caller: str) -> None:
    text = {"type": "output_text", "text": "hi", "annotations": [{}]}
    item = {"type": "message", "id": ["m"], "content": [{}, text]}
    body = {"id": "resp_1", "status": "completed", "output": [{"id": "x"}, item]}
    assert told("responses", caller, body).answers[0].text == "hi"
    assert claims_hold("responses", body)


def claims_hold(backend: str, body: Any) -> bool:
    claims.any_reply_is_read(backend, msgspec.json.encode(body))
    return True


@pytest.mark.parametrize("caller", CALLERS)
def test_tokens_that_are_read_and_written_at_once_sum_up(caller: str) -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 8},
    }
    counted = told("chat", caller, chat(message(0, content="a"), usage=usage)).usage
    assert counted is not None
    assert (counted.input, counted.cached) == (10, 8)


@pytest.mark.parametrize("caller", ["messages", "responses"])
def test_a_prompt_that_is_counted_without_its_cached_part_is_counted_whole(caller: str) -> None:
    usage = {
        "prompt_tokens": 7,
        "completion_tokens": 1,
        "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 163},
    }
    counted = told("chat", caller, chat(message(0, content="a"), usage=usage)).usage
    assert counted is not None
    assert (counted.input, counted.cached) == (170, 163)


@pytest.mark.parametrize("caller", ["chat", "messages"])
def test_a_reply_that_goes_on_in_the_background_is_no_success_elsewhere(caller: str) -> None:
    body = b'{"id":"resp_1","object":"response","status":"queued","output":[]}'
    fault = carry.whole(body, "responses", caller, claims.TOLD[caller])
    assert isinstance(fault, Fault)
    assert "background" in fault.message
