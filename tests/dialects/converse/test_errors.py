"""Bedrock's errors."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.converse.errors import read_error, read_exception


@pytest.mark.parametrize(
    ("name", "kind", "http_status"),
    [
        ("internalServerException", "upstream_error", 502),
        ("modelStreamErrorException", "upstream_error", 502),
        ("validationException", "invalid_request", 400),
        ("throttlingException", "rate_limited", 429),
        ("serviceUnavailableException", "overloaded", 503),
        ("modelTimeoutException", "timeout", 504),
        ("somethingNewException", "upstream_error", 502),
    ],
)
def test_exceptions_in_the_stream_have_their_kinds(name: str, kind: str, http_status: int) -> None:
    fault = read_exception({":exception-type": name}, b'{"message":"why"}')

    assert (fault.kind, fault.http_status, fault.message) == (kind, http_status, "why")
    assert (fault.code, fault.origin) == (name, "upstream")


def test_an_error_frame_says_it_in_its_headers() -> None:
    headers = {":error-code": "ThrottlingException", ":error-message": "slow down"}

    assert read_exception(headers, b"").message == "slow down"
    assert read_exception(headers, b"").kind == "rate_limited"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "bad"}, "invalid_request"),
        (400, {"message": "Input is too long for requested model."}, "context_too_long"),
        (400, {"__type": "a.b#ServiceQuotaExceededException", "message": "m"}, "rate_limited"),
        (429, {"message": "Too many requests"}, "rate_limited"),
        (403, {"Message": "no access"}, "upstream_auth"),
        (404, {"message": "The model is gone"}, "model_not_found"),
        (424, {"message": "model error"}, "upstream_error"),
        (500, "", "upstream_error"),
    ],
)
def test_answers_have_their_kinds(status: int, body: object, kind: str) -> None:
    assert read_error(status, json.dumps(body).encode()).kind == kind


@given(st.integers(400, 599), st.binary(max_size=30), st.text(max_size=8))
def test_nothing_makes_it_raise(status: int, body: bytes, name: str) -> None:
    assert read_error(status, body).message
    assert read_exception({":exception-type": name}, body).message
