"""Backend errors of any shape."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.backend_error import Words, plain, read, read_words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": {"message": "m", "type": "t", "param": "p", "code": "c"}},
            Words(message="m", type="t", param="p", code="c"),
        ),
        ({"type": "error", "error": {"type": "t", "message": "m"}}, Words(message="m", type="t")),
        ({"error": "plain"}, Words(message="plain")),
        ({"object": "error", "message": "m", "code": 42}, Words(message="m", code="42")),
        ({"Message": "aws"}, Words(message="aws")),
        ({"detail": "fastapi"}, Words(message="fastapi")),
        ([{"error": {"message": "listed", "status": "S"}}], Words(message="listed", type="S")),
        ("words", Words(message="words")),
        ({}, Words()),
        ([], Words()),
        (None, Words()),
    ],
)
def test_the_words_of_every_shape_are_found(body: Any, words: Words) -> None:
    assert read_words(json.dumps(body).encode()) == words


def test_text_is_kept_and_web_pages_are_not() -> None:
    assert read_words(b"busy, try later") == Words(message="busy, try later")
    assert read_words(b"\n<!DOCTYPE html><p>secret</p>") == Words()
    assert plain("<html>") == ""
    assert len(plain("x" * 9000)) == 2000


@pytest.mark.parametrize(
    ("status", "message", "kind", "http_status"),
    [
        (400, "bad", "invalid_request", 400),
        (400, "prompt is too long: 9 tokens > 8 maximum", "context_too_long", 400),
        (400, "maximum context length is 8192 tokens", "context_too_long", 400),
        (401, "invalid key sk-123", "upstream_auth", 502),
        (403, "denied", "upstream_auth", 502),
        (404, "The model `x` does not exist", "model_not_found", 404),
        (404, "no such path", "not_found", 404),
        (408, "", "timeout", 504),
        (413, "prompt is too long", "request_too_large", 413),
        (422, "bad", "invalid_request", 422),
        (424, "model stream error", "upstream_error", 502),
        (429, "slow down", "rate_limited", 429),
        (429, "insufficient_quota", "quota_exhausted", 429),
        (500, "boom", "upstream_error", 502),
        (503, "busy", "overloaded", 503),
        (524, "", "timeout", 504),
        (529, "overloaded", "overloaded", 503),
    ],
)
def test_the_status_and_the_words_decide(
    status: int, message: str, kind: str, http_status: int
) -> None:
    fault = read(status, json.dumps({"error": {"message": message}}).encode())

    assert (fault.kind, fault.http_status, fault.origin) == (kind, http_status, "upstream")
    assert fault.message
    if kind == "upstream_auth":
        assert message not in fault.message
    elif message:
        assert fault.message == message


@given(st.integers(400, 599), st.binary(max_size=60))
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    assert read(status, body).message


def test_the_name_of_an_error_event_is_not_the_type_of_the_error() -> None:
    body = {"type": "error", "code": "server_error", "message": "It broke."}
    assert read(500, json.dumps(body).encode()).type is None
