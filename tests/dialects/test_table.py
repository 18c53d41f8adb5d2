"""Every dialect, by what all of them must keep."""

import itertools
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.section import DialectName
from headgate.dialects.destination import Source
from headgate.dialects.table import DIALECTS
from headgate.model.fault import Fault, Refused, StreamBroken
from headgate.wire import json_text, sse
from tests import grammar

NAMES = sorted(DIALECTS)
CALLERS = sorted(name for name in DIALECTS if DIALECTS[name].caller is not None)

KEYS = st.sampled_from(
    (
        *("type", "id", "index", "model", "choices", "delta", "message", "role", "content"),
        *("text", "finish_reason", "usage", "error", "tool_calls", "function", "name"),
        *("arguments", "content_block", "thinking", "signature", "stop_reason", "input_tokens"),
        *("response", "output", "item", "output_index", "content_index", "part", "status"),
        *("candidates", "parts", "functionCall", "thought", "finishReason", "usageMetadata"),
        *("reasoning_content", "reasoning_details", "annotations", "logprobs", "summary"),
    )
)
WORDS = st.sampled_from(
    (
        *("message_start", "content_block_start", "content_block_delta", "message_delta"),
        *("content_block_stop", "text_delta", "input_json_delta", "thinking_delta", "text"),
        *("tool_use", "thinking", "response.created", "response.output_item.added", "message"),
        *("response.output_text.delta", "response.output_item.done", "response.completed"),
        *("function_call", "reasoning", "assistant", "stop", "STOP", "x", ""),
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats(0, 2) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=6)


def test_every_dialect_that_may_be_configured_is_there() -> None:
    assert set(DIALECTS) == set(get_args(DialectName))
    assert all(dialect.name == name for name, dialect in DIALECTS.items())


def test_callers_speak_three_of_them() -> None:
    assert CALLERS == ["chat", "messages", "responses"]


@pytest.mark.parametrize("name", NAMES)
@given(st.binary(max_size=200), st.integers(400, 599))
@settings(max_examples=30)
def test_no_error_body_is_too_strange_to_read(name: str, body: bytes, status: int) -> None:
    fault = DIALECTS[name].backend.read_error(status, body)
    assert isinstance(fault, Fault)
    assert fault.message
    assert fault.http_status >= 400


@pytest.mark.parametrize("name", NAMES)
@given(st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b'{"error":1}', b"1"]))
@settings(max_examples=30)
def test_no_reply_is_too_strange_to_read(name: str, body: bytes) -> None:
    for read in (
        DIALECTS[name].backend.read_facts,
        lambda body: DIALECTS[name].backend.read_reply(body, Source()),
    ):
        try:
            read(body)
        except (StreamBroken, Refused):
            pass


@pytest.mark.parametrize("name", CALLERS)
@given(st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b'{"model":1}']))
@settings(max_examples=30)
def test_no_request_is_too_strange_to_refuse(name: str, body: bytes) -> None:
    caller = DIALECTS[name].caller
    assert caller is not None
    with pytest.raises(Refused) as refused:
        caller.read_envelope(body)
    assert refused.value.fault.http_status == 400


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(st.binary(max_size=60), max_size=4))
@settings(max_examples=30)
def test_whatever_a_stream_says_its_reader_keeps_the_grammar(
    name: str, pieces: list[bytes]
) -> None:
    reader = DIALECTS[name].backend.open_reader(Source())
    try:
        fed = [reader.feed(piece) for piece in pieces]
    except StreamBroken:
        return
    grammar.check(itertools.chain(*fed, reader.end()))


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(OBJECTS, max_size=5))
@settings(max_examples=60)
def test_whatever_the_events_hold_the_reader_keeps_the_grammar(
    name: str, objects: list[dict[str, object]]
) -> None:
    reader = DIALECTS[name].backend.open_reader(Source())
    try:
        fed = [reader.feed(sse.write(json_text.encode(value))) for value in objects]
    except StreamBroken:
        return
    grammar.check(itertools.chain(*fed, reader.end()))


@pytest.mark.parametrize("name", NAMES)
@given(OBJECTS)
@settings(max_examples=60)
def test_whatever_a_reply_holds_it_is_read_or_refused(name: str, value: dict[str, object]) -> None:
    body = json_text.encode(value)
    try:
        DIALECTS[name].backend.read_facts(body)
        DIALECTS[name].backend.read_reply(body, Source())
    except (StreamBroken, Refused):
        pass


@pytest.mark.parametrize("name", CALLERS)
@given(st.dictionaries(KEYS, VALUES, max_size=6))
@settings(max_examples=60)
def test_whatever_a_request_holds_it_is_read_or_refused(
    name: str, value: dict[str, object]
) -> None:
    caller = DIALECTS[name].caller
    assert caller is not None
    messages = value.get("content") or [{"role": "user", "content": value.get("text", "x")}]
    said = {"model": "m", "max_tokens": 9, "messages": messages, "input": messages}
    try:
        caller.read_request(json_text.encode({**value, **said}))
    except Refused:
        pass


@pytest.mark.parametrize("name", CALLERS)
def test_a_frame_that_keeps_alive_is_whole_and_steers_no_client(name: str) -> None:
    caller = DIALECTS[name].caller
    assert caller is not None
    assert caller.keep_alive.endswith(b"\n\n")
    assert not caller.keep_alive.startswith((b"id:", b"retry:", b"data:"))
    meter = DIALECTS[name].backend.open_meter(False)
    assert meter.feed(caller.keep_alive) == caller.keep_alive
    assert meter.facts.events == 0


@pytest.mark.parametrize("name", CALLERS)
def test_every_path_begins_as_base_urls_end(name: str) -> None:
    assert DIALECTS[name].backend.path("m", True).startswith("/v1/")
