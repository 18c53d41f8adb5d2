"""Errors in both directions: what backends say in band, and what callers are told."""

import re
from collections.abc import Mapping
from typing import Any

from headgate.dialects import backend_error
from headgate.dialects.chat.lenient import Json, object_in
from headgate.dialects.facts import Facts
from headgate.model.fault import Fault, FaultKind
from headgate.wire import json_text, sse

read_error = backend_error.read
"""See `headgate.dialects.dialect.BackendHalf.read_error`."""

_TYPES: Mapping[FaultKind, str] = {
    "permission_denied": "permission_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "insufficient_quota",
    "policy_violation": "policy_violation",
    "upstream_error": "server_error",
    "upstream_auth": "server_error",
    "upstream_truncated": "server_error",
    "timeout": "timeout_error",
    "overloaded": "service_unavailable_error",
    "auth_unavailable": "service_unavailable_error",
    "gateway_restarting": "service_unavailable_error",
    "internal": "server_error",
}

_STATUS_WORDS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"authenticat|invalid_api_key|unauthorized"), 401),
    (re.compile(r"insufficient_quota|billing|credit"), 429),
    (re.compile(r"rate_?limit|resource_exhausted|too_many_requests"), 429),
    (re.compile(r"overloaded|slow_down|unavailable"), 503),
    (re.compile(r"timeout|deadline"), 504),
    (re.compile(r"not_found"), 404),
    (re.compile(r"content_filter|context_length|invalid_request|invalid_argument"), 400),
    (re.compile(r"bad_?request|tool_use_failed|unprocessable|unsupported"), 400),
)


def is_error(value: Json) -> bool:
    """Whether a body or a chunk is an error, in any of the shapes that backends use."""
    if value.get("error"):
        return True
    if "choices" in value:
        return False
    if value.get("object") == "error" or value.get("type") == "error":
        return True
    return isinstance(value.get("message"), str) and bool(value.get("code") or value.get("status"))


def choice_error(choice: Json) -> Json | None:
    """The error in one choice of a chunk or reply, None where there is none."""
    if choice.get("error"):
        return choice
    if choice.get("finish_reason") != "error":
        return None
    return {"message": "The backend broke the answer off with an error."}


def read_inband(value: Any) -> Fault:
    """The fault in an error that came inside a stream or under status 200: its own number or
    its words tell the status that it would have had."""
    words = backend_error.words_of(value)
    spoken = f"{words.code or ''} {words.type or ''}".lower()
    told = next((status for pattern, status in _STATUS_WORDS if pattern.search(spoken)), 502)
    return backend_error.judge(_status_in(value) or told, words)


def _status_in(value: Any) -> int | None:
    """The HTTP status that an error object names, as a number or in digits."""
    if not isinstance(value, dict):
        return None
    for field in ("status_code", "code", "status"):
        number = value.get(field)
        if isinstance(number, str) and number.isascii() and number.isdigit():
            number = int(number[:4])
        if type(number) is int and 400 <= number <= 599:
            return number
    return _status_in(object_in(value.get("error")) or None)


def write_error(fault: Fault, request_id: str) -> bytes:
    """The body of an error before the first byte."""
    return json_text.encode(
        {
            "error": {
                "message": fault.message,
                "type": fault.type or _TYPES.get(fault.kind, "invalid_request_error"),
                "param": fault.param,
                "code": fault.public_code,
            }
        }
    )


def error_frame(fault: Fault) -> bytes:
    """The error event, after which a stream says nothing more."""
    return sse.write(write_error(fault, ""))


def break_stream(fault: Fault, facts: Facts) -> bytes:
    """The error event of a relayed stream."""
    return error_frame(fault)
