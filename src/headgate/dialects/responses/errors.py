"""Errors of this dialect, read from backends in any shape, told to callers in its own."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects import backend_error
from headgate.model.fault import Fault, FaultKind
from headgate.wire import json_text

_STATUS_OF_CODE: Mapping[str, int] = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "usage_limit_reached": 429,
    "usage_not_included": 429,
    "credit_balance_exhausted": 429,
    "server_is_overloaded": 503,
    "slow_down": 503,
    "overloaded": 503,
    "overloaded_error": 503,
    "service_unavailable_error": 503,
    "request_timeout": 504,
    "timeout": 504,
    "timeout_error": 504,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
    "content_filter": 400,
    "cyber_policy": 400,
    "bio_policy": 400,
    "misalignment_policy_violation": 400,
    "invalid_request_error": 400,
    "model_not_found": 404,
}

_TYPES: Mapping[FaultKind, str] = {
    "permission_denied": "permission_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "insufficient_quota",
    "policy_violation": "policy_violation",
    "upstream_error": "server_error",
    "upstream_auth": "server_error",
    "upstream_truncated": "server_error",
    "timeout": "server_error",
    "overloaded": "service_unavailable_error",
    "auth_unavailable": "service_unavailable_error",
    "gateway_restarting": "service_unavailable_error",
    "internal": "server_error",
}

# What Codex decides on (codex-rs/codex-api/src/sse/responses.rs); other words mean "try again".
_CODEX_CODES: Mapping[FaultKind, str] = {
    "context_too_long": "context_length_exceeded",
    "quota_exhausted": "insufficient_quota",
    "rate_limited": "rate_limit_exceeded",
    "overloaded": "server_is_overloaded",
}
_CODEX_KNOWS = frozenset({"usage_not_included", "cyber_policy", "invalid_prompt", "slow_down"})

_SILENT = "The backend reported a failure without saying why."


def read_error(status: int, body: bytes) -> Fault:
    """The fault in an answer that is no reply. Never raises."""
    return backend_error.read(status, body)


def fault_in_band(value: Any) -> Fault:
    """The fault in an error object that came inside a reply, flat, nested, a string or null."""
    words = backend_error.words_of(value)
    status = _STATUS_OF_CODE.get(words.code or "") or _STATUS_OF_CODE.get(words.type or "")
    if status is None and words.code and words.code.isdigit():
        status = int(words.code[:9])
    if status is None or not 400 <= status <= 599:
        status = 500
    fault = backend_error.judge(status, words)
    if fault.kind == "upstream_auth" or words.message:
        return fault
    return Fault(
        kind=fault.kind,
        message=_SILENT,
        status=fault.status,
        code=fault.code,
        param=fault.param,
        type=fault.type,
        origin="upstream",
    )


def write_error(fault: Fault, request_id: str) -> bytes:
    """The body of an error before the first byte; the request's id travels as a header."""
    del request_id
    return json_text.encode({"error": error_object(fault)})


def error_object(fault: Fault) -> dict[str, Any]:
    """The four fields that every error of OpenAI's dialects has."""
    return {
        "message": fault.message,
        "type": fault.type or _TYPES.get(fault.kind, "invalid_request_error"),
        "param": fault.param,
        "code": fault.public_code,
    }


def failure_object(fault: Fault) -> dict[str, Any]:
    """The ``error`` of a failed response, with the code by which clients decide to go on."""
    code = fault.public_code
    if code not in _CODEX_KNOWS:
        code = _CODEX_CODES.get(fault.kind, code)
    return {"code": code, "message": fault.message or _SILENT}


def error_event(fault: Fault) -> dict[str, Any]:
    """The fields of an ``error`` event, flat and nested: clients know the one or the other."""
    error = error_object(fault)
    flat = {key: error[key] for key in ("code", "message", "param")}
    return {**flat, "error": error}
