import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.dialect import Envelope
from headgate.dialects.messages.envelope import read_envelope
from headgate.model.fault import Refused

PLAIN = b'{"model":"fast","messages":[]}'


def _refusal(body: bytes) -> tuple[str | None, str]:
    with pytest.raises(Refused) as caught:
        read_envelope(body)
    assert caught.value.fault.http_status == 400
    assert caught.value.fault.kind == "invalid_request"
    return caught.value.fault.param, caught.value.fault.message


def test_the_fields_that_are_always_needed_are_read() -> None:
    body = (
        b'{"model":"fast","max_tokens":7,"stream":true,"messages":[{"role":"user","content":"x"}],'
        b'"metadata":{"user_id":"u1"},"tools":[{"anything":1}]}'
    )
    assert read_envelope(body) == Envelope(
        model="fast", stream=True, include_usage=True, max_tokens=7, user="u1", session_hint="u1"
    )


def test_what_is_unsaid_is_none() -> None:
    assert read_envelope(PLAIN) == Envelope(model="fast", include_usage=True)


def test_the_session_stands_in_the_json_that_agent_clients_send() -> None:
    user = rb"{\"device_id\":\"d\",\"session_id\":\"s-1\"}"
    envelope = read_envelope(PLAIN[:-1] + b',"metadata":{"user_id":"' + user + b'"}}')
    assert (envelope.session, envelope.session_hint) == (None, "s-1")
    assert envelope.user == '{"device_id":"d","session_id":"s-1"}'


@pytest.mark.parametrize("user", [r"{\"a\":1}", "{broken", r"{\"session_id\":5}", "user_1"])
def test_without_a_session_inside_the_whole_user_is_the_session(user: str) -> None:
    envelope = read_envelope(PLAIN[:-1] + b',"metadata":{"user_id":"' + user.encode() + b'"}}')
    assert envelope.session_hint == envelope.user


@pytest.mark.parametrize(("said", "session"), [(b'"s"', "s"), (b"7", None), (b'""', None)])
def test_a_session_may_be_named(said: bytes, session: str | None) -> None:
    assert read_envelope(PLAIN[:-1] + b',"session_id":' + said + b"}").session == session


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"messages":[]}', "model"),
        (b'{"model":1,"messages":[]}', "model"),
        (b'{"model":"","messages":[]}', "model"),
        (b'{"model":null,"messages":[]}', "model"),
        (b'{"model":"a"}', "messages"),
        (b'{"model":"a","messages":{}}', "messages"),
        (b'{"model":"a","messages":null}', "messages"),
        (b'{"model":"a","messages":"hi"}', "messages"),
        (b'{"model":"a","messages":[],"stream":"yes"}', "stream"),
        (b'{"model":"a","messages":[],"max_tokens":"many"}', "max_tokens"),
        (b'{"model":"a","messages":[],"metadata":{"user_id":3}}', "metadata"),
        (b'{"model":"a","model":"b","messages":[]}', "model"),
        (b'{"model":"a","messages":[],"str\\u0065am":true,"stream":false}', "stream"),
        (b'{"model":"\\ud800","messages":[]}', "model"),
    ],
)
def test_a_field_that_is_wrong_is_named(body: bytes, param: str) -> None:
    named, message = _refusal(body)
    assert named == param
    assert f"`{param}`" in message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b'"model"',
        b"null",
        b'{"model":"a","messages":[NaN]}',
        b'{"model":"a","messages":[],"x":Infinity}',
        b'{"model":"a","messages":["\xff"]}',
        b'{"model":"a","messages":[]',
        b'{"model":"a","messages":[' + b"[" * 64 + b"]" * 64 + b"]}",
        b"[" * 100_000,
        b'{"x":' * 100_000,
    ],
)
def test_what_is_no_fit_json_is_refused_in_words(body: bytes) -> None:
    _, message = _refusal(body)
    assert message.startswith("The body must ")


def test_sixty_four_levels_are_accepted() -> None:
    body = b'{"model":"a","messages":[' + b"[" * 62 + b"]" * 62 + b"]}"
    assert read_envelope(body).model == "a"


def test_lone_surrogates_in_the_conversation_are_borne() -> None:
    body = b'{"model":"fast","stream":true,"messages":[{"role":"user","content":"\\ud83d"}]}'
    assert read_envelope(body).stream is True


@drawn(st.binary(max_size=200))
def test_any_bytes_give_an_envelope_or_a_refusal(body: bytes) -> None:
    try:
        read_envelope(body)
    except Refused as caught:
        fault = caught.fault
    else:
        return
    assert fault.http_status == 400
