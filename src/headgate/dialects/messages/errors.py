"""Errors: read from backends in any shape, told to callers in this dialect's."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.dialects import backend_error
from headgate.dialects.facts import Facts
from headgate.model.fault import Fault, FaultKind
from headgate.wire import json_text, sse

_OWN_TYPES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The types of this dialect's errors and their status."""

_STATUS_OF_TYPE: Mapping[str, int] = {
    **_OWN_TYPES,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "server_is_overloaded": 503,
    "context_length_exceeded": 400,
    "model_not_found": 404,
    "request_timeout": 504,
}

_TYPES: Mapping[FaultKind, str] = {
    "invalid_api_key": "authentication_error",
    "permission_denied": "permission_error",
    "policy_violation": "permission_error",
    "model_not_found": "not_found_error",
    "not_found": "not_found_error",
    "request_too_large": "request_too_large",
    "request_stalled": "timeout_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "rate_limit_error",
    "upstream_error": "api_error",
    "upstream_auth": "api_error",
    "upstream_truncated": "api_error",
    "timeout": "timeout_error",
    "overloaded": "overloaded_error",
    "auth_unavailable": "api_error",
    "gateway_restarting": "overloaded_error",
    "internal": "api_error",
}
"""``error.type`` of a kind; the others are ``invalid_request_error``."""

_TOO_LONG = "prompt is too long"
"""By these words agent clients know that they must compact the conversation."""

_OVERLOADED = 529
_SILENT = "The backend reported a failure without saying why."


def read_error(status: int, body: bytes) -> Fault:
    """The fault in an answer that is no reply. Never raises."""
    return _keep_overload(backend_error.read(status, body), status)


def fault_in_band(value: Any) -> Fault:
    """The fault in an error that came inside a stream or in place of a reply."""
    words = backend_error.words_of(value)
    status = _STATUS_OF_TYPE.get(words.type or "") or _STATUS_OF_TYPE.get(words.code or "")
    if status is None and words.code is not None and words.code.isdecimal():
        status = int(words.code[:4])
    if status is None or not 400 <= status <= 599:
        status = 500
    fault = _keep_overload(backend_error.judge(status, words), status)
    if words.message or fault.kind == "upstream_auth":
        return fault
    return msgspec.structs.replace(fault, message=_SILENT)


def is_error(value: Mapping[str, Any]) -> bool:
    """Whether a decoded event or body is an error, this dialect's or another's."""
    return value.get("type") == "error" or (bool(value.get("error")) and "content" not in value)


def write_error(fault: Fault, request_id: str) -> bytes:
    """The body of an error before the first byte."""
    return json_text.encode({**_error_object(fault), "request_id": request_id})


def error_frame(fault: Fault) -> bytes:
    """The error event. Without its ``event:`` line the official clients would not see it."""
    return sse.write(json_text.encode(_error_object(fault)), "error")


def break_stream(fault: Fault, facts: Facts) -> bytes:
    """The error event of a relayed stream."""
    del facts
    return error_frame(fault)


def _error_object(fault: Fault) -> dict[str, Any]:
    return {"type": "error", "error": {"type": _type(fault), "message": _message(fault)}}


def _type(fault: Fault) -> str:
    if fault.type is not None and fault.type in _OWN_TYPES:
        return fault.type
    if fault.status == 402:
        return "billing_error"
    if fault.status == 409:
        return "conflict_error"
    return _TYPES.get(fault.kind, "invalid_request_error")


def _message(fault: Fault) -> str:
    if fault.kind != "context_too_long" or _TOO_LONG in fault.message.lower():
        return fault.message
    return f"{_TOO_LONG}: {fault.message}"


def _keep_overload(fault: Fault, status: int) -> Fault:
    """529 is this dialect's own word for overload; retrying clients look for it."""
    if status != _OVERLOADED:
        return fault
    return msgspec.structs.replace(fault, status=_OVERLOADED)
