from typing import Any

import msgspec
import pytest

from headgate.dialects.responses import errors
from headgate.model.fault import Fault, FaultKind


@pytest.mark.parametrize(
    ("value", "kind", "message", "code"),
    [
        ({"type": "error", "code": "server_error", "message": "m"}, "upstream_error", "m", None),
        ({"error": {"code": "rate_limit_exceeded", "message": "m"}}, "rate_limited", "m", None),
        ({"error": {"type": "server_error", "message": "m"}}, "upstream_error", "m", None),
        ({"code": "context_length_exceeded", "message": "m"}, "context_too_long", "m", None),
        ({"code": "insufficient_quota", "message": "m"}, "quota_exhausted", "m", None),
        ({"code": "server_is_overloaded", "message": "m"}, "overloaded", "m", None),
        ({"error": {"code": 429, "message": "m"}}, "rate_limited", "m", "429"),
        ({"error": {"code": 99, "message": "m"}}, "upstream_error", "m", "99"),
        ({"error": "it broke"}, "upstream_error", "it broke", None),
        (None, "upstream_error", "without saying why", None),
        ({"error": None, "type": "error"}, "upstream_error", "without saying why", None),
    ],
)
def test_errors_in_a_reply_are_read_in_any_shape(
    value: Any, kind: FaultKind, message: str, code: str | None
) -> None:
    fault = errors.fault_in_band(value)
    assert fault.kind == kind
    assert message in fault.message
    assert fault.origin == "upstream"
    if code:
        assert fault.code == code


def test_our_credentials_refusal_is_never_quoted() -> None:
    fault = errors.read_error(401, b'{"error":{"message":"bad key sk-123"}}')
    assert fault.kind == "upstream_auth"
    assert fault.http_status == 502
    assert "sk-123" not in fault.message


def test_an_error_has_the_four_fields_of_the_dialect() -> None:
    fault = Fault(kind="model_not_found", message="no such model", param="model")
    assert msgspec.json.decode(errors.write_error(fault, "req_1")) == {
        "error": {
            "message": "no such model",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("invalid_api_key", "invalid_api_key"),
        ("permission_denied", "permission_denied"),
        ("invalid_request", "invalid_request"),
        ("rate_limited", "rate_limit_exceeded"),
        ("quota_exhausted", "insufficient_quota"),
        ("policy_violation", "policy_violation"),
        ("upstream_error", "upstream_error"),
        ("upstream_auth", "upstream_auth"),
        ("timeout", "request_timeout"),
        ("overloaded", "overloaded"),
        ("auth_unavailable", "auth_unavailable"),
        ("gateway_restarting", "gateway_restarting"),
    ],
)
def test_codes_are_the_contracts(kind: FaultKind, code: str) -> None:
    assert errors.error_object(Fault(kind=kind, message="m"))["code"] == code


@pytest.mark.parametrize(
    ("kind", "own", "code"),
    [
        ("context_too_long", "400", "context_length_exceeded"),
        ("quota_exhausted", None, "insufficient_quota"),
        ("rate_limited", "429", "rate_limit_exceeded"),
        ("overloaded", "overloaded_error", "server_is_overloaded"),
        ("overloaded", "slow_down", "slow_down"),
        ("invalid_request", "invalid_prompt", "invalid_prompt"),
        ("timeout", None, "request_timeout"),
    ],
)
def test_a_failed_response_says_the_code_by_which_clients_decide(
    kind: FaultKind, own: str | None, code: str
) -> None:
    assert errors.failure_object(Fault(kind=kind, message="m", code=own))["code"] == code


def test_t52_the_error_of_a_failed_response_is_never_empty() -> None:
    failed = errors.failure_object(Fault(kind="upstream_error", message=""))
    assert failed["code"] == "upstream_error"
    assert failed["message"]


def test_t51_an_error_event_is_flat_and_nested() -> None:
    fields = errors.error_event(Fault(kind="timeout", message="m", param="p"))
    assert fields == {
        "code": "request_timeout",
        "message": "m",
        "param": "p",
        "error": {
            "message": "m",
            "type": "server_error",
            "param": "p",
            "code": "request_timeout",
        },
    }
