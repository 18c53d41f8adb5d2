"""Errors that reached no application."""

import msgspec
import pytest

from headgate.model.fault import Fault
from headgate.server.refusal import write_body, write_refusal
from tests.server.wire import read_answers

FAULT = Fault(kind="invalid_request", message="no Host")


def test_the_answer_closes_and_says_its_length_and_id() -> None:
    written = write_refusal(FAULT, b"/v1/chat/completions", "r1", b"date: today\r\n")
    [answer] = read_answers(written)
    assert answer.status == 400
    assert answer.headers[b"connection"] == b"close"
    assert answer.headers[b"date"] == b"today"
    assert answer.headers[b"x-request-id"] == b"r1"
    assert msgspec.json.decode(answer.body) == {
        "error": {
            "message": "no Host",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_request",
        }
    }


def test_paths_of_messages_get_their_dialects_form() -> None:
    assert msgspec.json.decode(write_body(FAULT, b"/v1/messages/count_tokens", "r1")) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "no Host"},
        "request_id": "r1",
    }


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (408, b"HTTP/1.1 408 Request Timeout\r\n"),
        (414, b"HTTP/1.1 414 URI Too Long\r\n"),
        (431, b"HTTP/1.1 431 Request Header Fields Too Large\r\n"),
    ],
)
def test_every_status_of_this_layer_has_its_reason(status: int, line: bytes) -> None:
    fault = Fault(kind="invalid_request", message="x", status=status)
    assert write_refusal(fault, b"", "r", b"").startswith(line)


def test_an_error_of_ours_is_not_the_callers() -> None:
    fault = Fault(kind="internal", message="x")
    assert b'"server_error"' in write_body(fault, b"/", "r")
    assert b'"api_error"' in write_body(fault, b"/v1/messages", "r")
