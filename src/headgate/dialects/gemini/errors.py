"""Google's errors as faults, in answers and inside streams."""

import re
from typing import Any

import msgspec

from headgate.dialects import backend_error
from headgate.model.fault import Fault
from headgate.wire import json_text
from headgate.wire.json_fields import count, fields, objects, text

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s\Z")


def read_error(status: int, body: bytes) -> Fault:
    """The fault in an answer that is no reply. Never raises."""
    try:
        value = json_text.decode(body)
    except ValueError:
        return backend_error.read(status, body)
    return fault_of(value, status)


def fault_of(value: Any, status: int | None = None) -> Fault:
    """The fault in a decoded error object; `status` None: the object itself must say it."""
    if isinstance(value, list) and value:
        value = value[0]
    error = fields(value, "error") if isinstance(value, dict) else {}
    word = text(error, "status")
    status = status or _own_status(error) or _STATUSES.get(word) or 500
    details = objects(error, "details")
    if any(text(detail, "reason") == "API_KEY_INVALID" for detail in details):
        status = 401
    words = backend_error.words_of(value)
    code = word or None if (words.code or "").isdigit() else words.code
    fault = backend_error.judge(status, msgspec.structs.replace(words, code=code))
    if fault.kind == "upstream_auth":
        return fault
    if fault.kind == "rate_limited" and _day_is_over(details):
        fault = msgspec.structs.replace(fault, kind="quota_exhausted")
    return msgspec.structs.replace(fault, retry_after_s=_retry_after_s(details))


def _own_status(error: dict[str, Any]) -> int | None:
    status = count(error, "code")
    return status if status is not None and 400 <= status < 600 else None


def _day_is_over(details: list[dict[str, Any]]) -> bool:
    """Whether a quota that comes back tomorrow is used up (waiting a minute is of no use)."""
    return any(
        "PerDay" in text(violation, "quotaId")
        for detail in details
        for violation in objects(detail, "violations")
    )


def _retry_after_s(details: list[dict[str, Any]]) -> float | None:
    for detail in details:
        match = _DURATION.match(text(detail, "retryDelay"))
        if match:
            return float(match.group(1))
    return None
