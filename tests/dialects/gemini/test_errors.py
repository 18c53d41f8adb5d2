"""Google's errors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.dialects.gemini.errors import fault_of, read_error
from tests import recordings


def google(code: int, status: str, message: str = "why", **more: Any) -> bytes:
    error = {"code": code, "status": status, "message": message, **more}
    return json.dumps({"error": error}).encode()


def test_a_retry_delay_is_kept() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    fault = read_error(429, google(429, "RESOURCE_EXHAUSTED", details=[info]))

    assert (fault.kind, fault.http_status, fault.retry_after_s) == ("rate_limited", 429, 34.5)
    assert (fault.message, fault.code) == ("why", "RESOURCE_EXHAUSTED")


def test_a_daily_quota_is_exhausted_and_not_merely_limited() -> None:
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}
    body = google(429, "RESOURCE_EXHAUSTED", details=[{"violations": [violation]}])

    assert read_error(429, body).kind == "quota_exhausted"


@pytest.mark.parametrize(
    ("status", "body", "kind", "http_status"),
    [
        (400, google(400, "INVALID_ARGUMENT"), "invalid_request", 400),
        (404, google(404, "NOT_FOUND", "models/x is not found"), "model_not_found", 404),
        (
            400,
            google(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1048577) exceeds the maximum number of tokens allowed.",
            ),
            "context_too_long",
            400,
        ),
        (500, google(500, "INTERNAL"), "upstream_error", 502),
        (503, google(503, "UNAVAILABLE"), "overloaded", 503),
        (504, google(504, "DEADLINE_EXCEEDED"), "timeout", 504),
        (499, google(499, "CANCELLED"), "timeout", 504),
        (403, google(403, "PERMISSION_DENIED"), "upstream_auth", 502),
        (502, b"<html><body>Bad Gateway</body></html>", "upstream_error", 502),
        (400, b"", "invalid_request", 400),
    ],
)
def test_each_status_has_its_kind(status: int, body: bytes, kind: str, http_status: int) -> None:
    fault = read_error(status, body)

    assert (fault.kind, fault.http_status) == (kind, http_status)
    assert fault.message
    assert "<" not in fault.message


def test_a_bad_key_is_our_fault_though_google_says_400() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    fault = read_error(400, google(400, "INVALID_ARGUMENT", "API key not valid.", details=[detail]))

    assert (fault.kind, fault.http_status) == ("upstream_auth", 502)
    assert "API key not valid" not in fault.message


def test_an_error_in_a_stream_names_its_own_status() -> None:
    assert fault_of({"error": {"status": "UNAVAILABLE", "message": "m"}}).kind == "overloaded"
    assert fault_of({"error": {"code": 429}}).kind == "rate_limited"
    assert fault_of({"error": "plain words"}).message == "plain words"
    assert fault_of([{"error": {"code": 400, "message": "in a list"}}]).message == "in a list"


@pytest.mark.parametrize("row", recordings.exchanges("gemini"))
def test_recorded_errors_are_told(row: dict[str, Any]) -> None:
    if row["status"] == 200:
        return
    fault = read_error(row["status"], json.dumps(row["response"]).encode())

    assert fault.origin == "upstream"
    assert fault.kind in ("upstream_auth", "rate_limited", "invalid_request")


@given(st.integers(400, 599), st.binary(max_size=40))
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    assert read_error(status, body).http_status >= 400


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["error", "details", "code", "message"]), inner)
    ),
)


@given(st.integers(400, 599), JSON)
def test_no_shape_makes_it_raise(status: int, value: Any) -> None:
    assert read_error(status, json.dumps(value).encode()).http_status >= 400
