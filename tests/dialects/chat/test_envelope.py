from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.envelope import read_envelope
from headgate.model.fault import Refused
from tests.dialects.chat.sample import encode
from tests.recordings import exchanges, streams


def refused(body: bytes) -> tuple[str | None, str]:
    with pytest.raises(Refused) as caught:
        read_envelope(body)
    assert caught.value.fault.kind == "invalid_request"
    return caught.value.fault.param, caught.value.fault.message


@pytest.mark.parametrize("row", [*streams("chat"), *exchanges("chat")])
def test_every_recorded_request_has_an_envelope(row: dict[str, Any]) -> None:
    envelope = read_envelope(encode(row["request"]))
    assert envelope.model == row["request"]["model"]
    assert envelope.stream == bool(row["request"].get("stream"))


def test_the_fields_are_read() -> None:
    body = {
        "model": "m",
        "messages": [],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "user": "u",
        "metadata": {"user_id": "s"},
    }
    envelope = read_envelope(encode(body))
    assert (envelope.stream, envelope.include_usage, envelope.max_tokens) == (True, True, 9)
    assert (envelope.user, envelope.session, envelope.session_hint) == ("u", None, "s")


@pytest.mark.parametrize(
    ("fields", "session", "hint"),
    [
        ({"session_id": "a", "prompt_cache_key": "b", "user": "c"}, "a", "b"),
        ({"metadata": {"user_id": '{"session_id":"m"}'}, "user": "c"}, None, "m"),
        ({"user": "c"}, None, "c"),
        ({"session_id": 5}, None, None),
    ],
)
def test_what_names_a_session_is_told_from_what_is_like_one(
    fields: dict[str, Any], session: str | None, hint: str | None
) -> None:
    envelope = read_envelope(encode({"model": "m", "messages": [], **fields}))
    assert (envelope.session, envelope.session_hint) == (session, hint)


def test_t90_input_stands_in_for_messages() -> None:
    assert read_envelope(b'{"model":"m","input":"hi"}').model == "m"
    assert refused(b'{"model":"m","input":5}')[0] == "input"
    assert refused(b'{"model":"m","input":"hi","messages":5}')[0] == "messages"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"messages":[]}', "model"),
        (b'{"model":5,"messages":[]}', "model"),
        (b'{"model":"","messages":[]}', "model"),
        (b'{"model":"m"}', "messages"),
        (b'{"model":"m","messages":null}', "messages"),
        (b'{"model":"m","messages":{}}', "messages"),
        (b'{"model":"m","messages":[],"stream":"yes"}', "stream"),
        (b'{"model":"m","messages":[],"stream":1}', "stream"),
        (b'{"model":"m","messages":[],"model":"n"}', "model"),
        (b'{"model":"m","messages":[],"messages":[]}', "messages"),
        (b'{"stream":true,"model":"m","messages":[],"str\\u0065am":false}', "stream"),
    ],
)
def test_a_wrong_field_is_named(body: bytes, param: str) -> None:
    assert refused(body)[0] == param


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"model":"m","messages":[NaN]}',
        b'{"model":"m","messages":["\xff"]}',
        b'{"model":"m","messages":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"model":"m","messages":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    ],
)
def test_what_is_no_decent_json_is_refused_in_one_sentence(body: bytes) -> None:
    assert refused(body)[1].startswith("The body must")


def test_half_an_emoji_is_no_reason_to_refuse() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"\\ud83d"}],"stream":true}'
    assert read_envelope(body).stream
    assert refused(b'{"model":"m","messages":"\\ud83d"}')[0] == "messages"
    assert refused(b'["\\ud83d"]')[1] == "The body must be a JSON object."


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_any_bytes_are_an_envelope_or_a_refusal(body: bytes) -> None:
    try:
        read_envelope(body)
    except Refused:
        pass
