from typing import Any

import msgspec
import pytest

from headgate.dialects.facts import Facts
from headgate.dialects.messages.errors import (
    break_stream,
    error_frame,
    fault_in_band,
    is_error,
    read_error,
    write_error,
)
from headgate.model.fault import STATUS, Fault, FaultKind


@pytest.mark.parametrize(
    ("status", "type_", "kind", "kept"),
    [
        (400, "invalid_request_error", "invalid_request", 400),
        (402, "billing_error", None, 402),
        (404, "not_found_error", "not_found", 404),
        (413, "request_too_large", "request_too_large", 413),
        (429, "rate_limit_error", "rate_limited", 429),
        (500, "api_error", "upstream_error", 502),
        (504, "timeout_error", "timeout", 504),
        (529, "overloaded_error", "overloaded", 529),
        (503, "overloaded_error", "overloaded", 503),
    ],
)
def test_a_backends_error_keeps_its_words(
    status: int, type_: str, kind: FaultKind | None, kept: int
) -> None:
    body = {"type": "error", "error": {"type": type_, "message": "Because."}, "request_id": "r"}
    fault = read_error(status, msgspec.json.encode(body))
    assert fault.message == "Because."
    assert fault.http_status == kept
    assert fault.kind == (kind or fault.kind)
    assert fault.origin == "upstream"
    told = msgspec.json.decode(write_error(fault, "req_1"))
    assert told["error"] == {"type": type_, "message": "Because."}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_ours_and_its_words_stay_here(status: int) -> None:
    body = b'{"type":"error","error":{"type":"authentication_error","message":"bad key sk-1"}}'
    fault = read_error(status, body)
    assert fault.kind == "upstream_auth"
    assert "sk-1" not in fault.message
    assert msgspec.json.decode(write_error(fault, "r"))["error"]["type"] == "api_error"


@pytest.mark.parametrize(
    "body", [b"", b"<html>oops</html>", b"[]", b"null", b"\xff", b'"bad"', b"{}"]
)
def test_any_body_gives_a_fault_with_words(body: bytes) -> None:
    fault = read_error(500, body)
    assert fault.kind == "upstream_error"
    assert fault.message
    assert "<" not in fault.message


def test_a_prompt_that_is_too_long_is_told_in_the_words_that_clients_know() -> None:
    fault = read_error(400, b'{"error":{"message":"maximum context length is 5","code":"x"}}')
    assert fault.kind == "context_too_long"
    told = msgspec.json.decode(write_error(fault, "req_1"))
    assert told == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "prompt is too long: maximum context length is 5",
        },
        "request_id": "req_1",
    }
    own = Fault(kind="context_too_long", message="Prompt is too long: 9 tokens > 5 maximum")
    assert msgspec.json.decode(write_error(own, ""))["error"]["message"] == own.message


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("invalid_api_key", "authentication_error"),
        ("permission_denied", "permission_error"),
        ("model_not_found", "not_found_error"),
        ("invalid_request", "invalid_request_error"),
        ("request_too_large", "request_too_large"),
        ("rate_limited", "rate_limit_error"),
        ("quota_exhausted", "rate_limit_error"),
        ("policy_violation", "permission_error"),
        ("upstream_error", "api_error"),
        ("timeout", "timeout_error"),
        ("overloaded", "overloaded_error"),
    ],
)
def test_the_contracts_types(kind: FaultKind, type_: str) -> None:
    told = msgspec.json.decode(write_error(Fault(kind=kind, message="m"), "req_1"))
    assert told == {
        "type": "error",
        "error": {"type": type_, "message": "m"},
        "request_id": "req_1",
    }


@pytest.mark.parametrize("kind", list(STATUS))
def test_every_kind_has_a_type(kind: FaultKind) -> None:
    assert msgspec.json.decode(write_error(Fault(kind=kind, message="m"), ""))["error"]["type"]


def test_a_foreign_type_is_not_told_here() -> None:
    fault = Fault(kind="rate_limited", message="m", type="tokens", code="rate_limit_exceeded")
    told = msgspec.json.decode(write_error(fault, ""))
    assert told["error"]["type"] == "rate_limit_error"
    conflict = Fault(kind="invalid_request", message="m", status=409)
    assert msgspec.json.decode(write_error(conflict, ""))["error"]["type"] == "conflict_error"


def test_t48_the_error_event_has_its_name() -> None:
    frame = b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"m"}}\n\n'
    fault = Fault(kind="upstream_error", message="m")
    assert error_frame(fault) == frame
    assert break_stream(fault, Facts()) == frame


@pytest.mark.parametrize(
    ("value", "kind", "status"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "m"}},
            "overloaded",
            529,
        ),
        ({"type": "error", "error": {"type": "api_error", "message": "m"}}, "upstream_error", 502),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "m"}},
            "rate_limited",
            429,
        ),
        ({"error": {"message": "m", "code": 429}}, "rate_limited", 429),
        ({"error": {"message": "m", "code": "503"}}, "overloaded", 503),
        ({"error": {"message": "m", "type": "server_error", "code": 500}}, "upstream_error", 502),
        ({"error": "m"}, "upstream_error", 502),
        ({"message": "m", "type": "invalid_request_error"}, "invalid_request", 400),
    ],
)
def test_t42_an_error_in_band_keeps_its_words(value: Any, kind: FaultKind, status: int) -> None:
    fault = fault_in_band(value)
    assert (fault.kind, fault.http_status, fault.message) == (kind, status, "m")
    assert fault.origin == "upstream"


@pytest.mark.parametrize(
    "value", [{"type": "error", "error": None}, {"error": {"code": "99999"}}, {"error": [5]}, {}]
)
def test_an_error_without_words_has_ours(value: Any) -> None:
    fault = fault_in_band(value)
    assert fault.message
    assert fault.http_status >= 400


def test_what_is_an_error() -> None:
    assert is_error({"type": "error"})
    assert is_error({"error": {"message": "x"}})
    assert not is_error({"type": "message", "error": None})
    assert not is_error({"type": "message", "content": [], "error": {}})
