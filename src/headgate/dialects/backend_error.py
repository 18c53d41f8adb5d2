"""A backend's error, of whatever shape, as a fault: what every dialect's ``read_error`` shares.

Gateways answer with their own bodies, another dialect's, plain text or a web page, so the shape
is never trusted; the status decides the kind and the words are kept where they are safe.
"""

import re
from typing import Any

import msgspec

from headgate.model.fault import Fault, FaultKind
from headgate.wire import json_fields, json_text

MOST_CHARACTERS = 2000

_CREDENTIAL = "The backend refused the gateway's credential; its operator must mend it."
_CONTEXT = re.compile(
    r"context[_ ](length|window)|prompt is too long|input is too long|too many (input )?tokens"
    r"|input token count .{0,40}exceeds|maximum (context|number of tokens)|max_tokens_exceeded",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"insufficient_quota|credit_balance|credit balance|billing_hard|prepayment|out of credits",
    re.IGNORECASE,
)
_TIMEOUTS = frozenset({408, 499, 504, 524})
_OVERLOADED = frozenset({503, 529})
_BY_STATUS: dict[int, FaultKind] = {
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What an error body says, as far as it says it."""

    message: str = ""
    code: str | None = None
    param: str | None = None
    type: str | None = None


def read(status: int, body: bytes) -> Fault:
    """The fault in the answer `body` with `status` (400 or more). Never raises."""
    return judge(status, read_words(body))


def read_words(body: bytes) -> Words:
    """The words in an error body of any shape; none where it is a web page or nothing."""
    try:
        value = json_text.decode(body)
    except ValueError:
        return Words(message=plain(body.decode("utf-8", "replace")))
    return words_of(value)


def words_of(value: Any) -> Words:
    """The words in a decoded error: ``{"error": …}``, its inside, a list of those, a string."""
    if isinstance(value, list):
        return words_of(value[0]) if value else Words()
    if isinstance(value, str):
        return Words(message=plain(value))
    if not isinstance(value, dict):
        return Words()
    inner = value.get("error")
    if isinstance(inner, dict | list) and inner:
        return words_of(inner)
    if isinstance(inner, str):
        value = {"message": inner, **value}
    code = value.get("code")
    kind = json_fields.text(value, "type")
    if kind == "error":  # the name of an event, not of what went wrong
        kind = ""
    return Words(
        message=plain(_first_text(value, "message", "Message", "detail", "error_description")),
        code=str(code)[:200] if isinstance(code, str | int) and code else None,
        param=json_fields.text(value, "param")[:200] or None,
        type=(kind or json_fields.text(value, "status"))[:200] or None,
    )


def judge(status: int, words: Words) -> Fault:
    """The fault that `status` and `words` mean."""
    if status in (401, 403):
        return Fault(kind="upstream_auth", message=_CREDENTIAL, origin="upstream")
    kind, kept = _kind(status, words)
    return Fault(
        kind=kind,
        message=words.message or f"The backend answered with status {status}.",
        status=kept,
        code=words.code,
        param=words.param,
        type=words.type,
        origin="upstream",
    )


def plain(text: str) -> str:
    """`text` cut to a bearable length; ``""`` where it is a web page."""
    text = text.strip()
    if text[:200].lower().startswith(("<!doctype", "<html", "<head", "<body", "<?xml")):
        return ""
    return text[:MOST_CHARACTERS]


def _kind(status: int, words: Words) -> tuple[FaultKind, int | None]:
    """The kind, and the status to keep where it is not the kind's own."""
    if status in _TIMEOUTS:
        return "timeout", None
    if status in _OVERLOADED:
        return "overloaded", None
    if status == 429:
        return ("quota_exhausted" if _QUOTA.search(_all(words)) else "rate_limited"), None
    if status >= 500 or status < 400 or status == 424:
        return "upstream_error", None
    if status != 413 and _CONTEXT.search(_all(words)):
        return "context_too_long", status
    if status == 404 and "model" in _all(words).lower():
        return "model_not_found", status
    return _BY_STATUS.get(status, "invalid_request"), status


def _all(words: Words) -> str:
    return f"{words.code} {words.type} {words.message}"


def _first_text(value: dict[str, Any], *keys: str) -> str:
    return next((found for key in keys if (found := json_fields.text(value, key))), "")
