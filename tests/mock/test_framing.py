"""Payloads become frames that a reader of server-sent events understands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.mock import framing
from headgate.wire import json_text
from headgate.wire.sse import Decoder
from tests.mock.said import PAYLOADS


@pytest.mark.parametrize("newline", list(framing.LINE_ENDS.values()))
def test_a_frame_has_its_name_and_data_with_any_line_end(newline: bytes) -> None:
    whole = framing.sse({"type": "ping", "n": "a\nb"}, True, newline)
    assert whole.endswith(newline * 2)
    (frame,) = Decoder().feed(whole)
    assert frame.event == "ping"
    assert json_text.decode(frame.data) == {"type": "ping", "n": "a\nb"}


def test_dialects_without_names_have_none() -> None:
    assert framing.sse({"type": "ping"}, False, b"\n") == b'data: {"type":"ping"}\n\n'


def test_text_is_data_as_it_is_and_may_have_lines() -> None:
    assert framing.sse("[DONE]", True, b"\n") == b"data: [DONE]\n\n"
    assert framing.sse("a\nb", True, b"\r\n") == b"data: a\r\ndata: b\r\n\r\n"


def test_raw_bytes_and_named_data_can_be_scripted() -> None:
    assert framing.sse({"raw": ": hello\n\n"}, True, b"\r\n") == b": hello\n\n"
    named = framing.sse({"event": "x", "data": {"a": 1}}, False, b"\n")
    assert named == b'event: x\ndata: {"a":1}\n\n'


@given(PAYLOADS, st.booleans())
def test_any_payload_has_bytes(payloads: list[Any], named: bool) -> None:
    for payload in payloads:
        assert isinstance(framing.sse(payload, named, b"\n"), bytes)


@given(PAYLOADS)
def test_an_array_is_json_once_it_has_ended(payloads: list[Any]) -> None:
    pieces = [framing.array_item(payload, number) for number, payload in enumerate(payloads)]
    whole = b"".join(pieces) + framing.array_end(len(payloads))
    assert json_text.decode(whole) == payloads
