from typing import Any

import msgspec
import pytest

from headgate.dialects.destination import Quirks
from headgate.dialects.dialect import Ties
from headgate.dialects.responses.envelope import read_envelope, readdress
from headgate.model.fault import Refused
from headgate.model.state import OpaqueState, seal
from tests.dialects.responses import given


def _body(**fields: Any) -> bytes:
    return msgspec.json.encode({"model": "fast", "input": "hi", **fields})


def test_the_fields_always_needed_are_read() -> None:
    envelope = read_envelope(
        _body(stream=True, max_output_tokens=9, user="u", prompt_cache_key="k")
    )
    assert envelope.model == "fast"
    assert envelope.stream
    assert envelope.include_usage
    assert envelope.max_tokens == 9
    assert envelope.user == "u"
    assert envelope.session_hint == "k"


@pytest.mark.parametrize(
    ("fields", "session", "hint"),
    [
        ({"session_id": "s", "prompt_cache_key": "k"}, "s", "k"),
        ({"prompt_cache_key": "k", "metadata": {"user_id": "m"}}, None, "k"),
        ({"metadata": {"user_id": "m"}}, None, "m"),
        ({"metadata": {"user_id": '{"session_id":"s"}'}}, None, "s"),
        ({"session_id": 7}, None, None),
        ({}, None, None),
    ],
)
def test_what_names_a_session_is_told_from_what_is_like_one(
    fields: dict[str, Any], session: str | None, hint: str | None
) -> None:
    envelope = read_envelope(_body(**fields))
    assert (envelope.session, envelope.session_hint) == (session, hint)


@pytest.mark.parametrize(
    ("fields", "ties"),
    [
        ({}, Ties()),
        ({"store": None, "background": None}, Ties()),
        ({"store": False}, Ties(store=False)),
        ({"previous_response_id": "r"}, Ties(previous="r")),
        ({"conversation": "c"}, Ties(conversation="c")),
        (
            {"conversation": {"id": "c"}, "background": True},
            Ties(conversation="c", background=True),
        ),
    ],
)
def test_what_ties_a_request_to_others_is_read(fields: dict[str, Any], ties: Ties) -> None:
    assert read_envelope(_body(**fields)).ties == ties


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"store": "yes"}, "store"),
        ({"background": 1}, "background"),
        ({"background": True, "store": False}, "background"),
        ({"previous_response_id": 7}, "previous_response_id"),
        ({"previous_response_id": "r", "conversation": "c"}, "previous_response_id"),
        ({"conversation": ["c"]}, "conversation"),
        ({"conversation": {"id": 7}}, "conversation"),
    ],
)
def test_ties_that_cannot_be_are_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Refused) as caught:
        read_envelope(_body(**fields))
    assert caught.value.fault.param == param


@pytest.mark.parametrize(
    ("body", "param", "word"),
    [
        (b"", None, "JSON"),
        (b"[1]", None, "object"),
        (b'{"model":"x"}', "input", "missing"),
        (b'{"model":"x","prompt":null}', "input", "missing"),
        (b'{"model":"x","input":3}', "input", "string or a list"),
        (b'{"model":"x","input":null}', "input", "string or a list"),
        (b'{"input":"a"}', "model", "missing"),
        (b'{"model":1,"input":"a"}', "model", "string"),
        (b'{"model":"","input":"a"}', "model", "name"),
        (b'{"model":"x","input":"a","stream":"yes"}', "stream", "true or false"),
        (b'{"model":"x","input":[NaN]}', None, "JSON"),
        (b'{"model":"x","input":"\xff"}', None, "UTF-8"),
        (b'{"model":"x","input":"a","user":"\xff"}', None, "UTF-8"),
        (b'{"model":"x","input":' + b"[" * 70 + b"]" * 70 + b"}", "input", "64"),
        (b'{"model":"x","input":"a","b":' + b"[" * 70 + b"]" * 70 + b"}", None, "64"),
        (b'{"model":"x","input":' + b"[" * 9000 + b"]" * 9000 + b"}", None, "JSON"),
        (b'{"model":"a","input":"x","model":"b"}', "model", "twice"),
        (b'{"model":"a","input":"x","input":"y"}', "input", "twice"),
        (b'{"model":"a","input":"x","store":true,"store":false}', "store", "twice"),
        (b'{"model":"a","input":"x","background":true,"background":true}', "background", "twice"),
        (
            b'{"model":"a","input":"x","conversation":"a","conversation":null}',
            "conversation",
            "twice",
        ),
        (
            b'{"model":"a","input":"x","previous_response_id":"a","previous_response_id":"b"}',
            "previous_response_id",
            "twice",
        ),
    ],
)
def test_a_bad_body_is_refused_and_the_field_named(
    body: bytes, param: str | None, word: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_envelope(body)
    assert refused.value.fault.kind == "invalid_request"
    assert refused.value.fault.param == param
    assert word in refused.value.fault.message


def test_a_lone_surrogate_escape_is_json_too() -> None:
    assert read_envelope(b'{"model":"x","input":"\\ud83d","prompt":1}').model == "x"


def test_a_stored_prompt_stands_for_the_input() -> None:
    assert read_envelope(b'{"model":"x","prompt":{"id":"p"}}').model == "x"


def test_readdressing_changes_the_model_and_no_other_byte() -> None:
    body = b'{ "input" : [ {"model":"fast"} ],\n "model":  "fast" , "x":1.0}'
    changed = readdress(body, read_envelope(body), given.destination())
    assert changed == b'{ "input" : [ {"model":"fast"} ],\n "model":  "gpt" , "x":1.0}'


def test_fields_that_the_backend_refuses_are_taken_out() -> None:
    body = _body(client_metadata={"a": 1}, store=False)
    target = given.destination(quirks=Quirks(refuses_fields=frozenset({"client_metadata"})))
    changed = msgspec.json.decode(readdress(body, read_envelope(body), target))
    assert changed == {"model": "gpt", "input": "hi", "store": False}


def test_state_of_another_vendor_never_leaves_and_its_own_goes_back_bare() -> None:
    foreign = seal(OpaqueState("anthropic", "sig"))
    own = seal(OpaqueState("xai", "secret", "encrypted", "rs_9"))
    items = [
        {"type": "reasoning", "id": "rs_hg1", "summary": [], "encrypted_content": foreign},
        {"type": "reasoning", "id": "rs_hg2", "summary": [], "encrypted_content": own},
        {"type": "reasoning", "id": "rs_hg3", "summary": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "bare"},
        {"role": "assistant", "content": "hello"},
    ]
    body = _body(input=items)
    changed = readdress(body, read_envelope(body), given.destination("xai"))
    assert msgspec.json.decode(changed)["input"] == [
        {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "secret"},
        items[3],
        items[4],
    ]


def test_a_body_that_only_talks_of_seals_is_left_alone() -> None:
    body = _body(input=[{"role": "user", "content": "hg1.x"}, "hg1.x"], model="gpt")
    assert readdress(body, read_envelope(body), given.destination()) == body
    body = _body(input="hg1.x", model="gpt")
    assert readdress(body, read_envelope(body), given.destination()) == body
