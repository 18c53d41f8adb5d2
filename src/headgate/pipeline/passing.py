"""Which headers pass through the gateway, and which are its own."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from headgate import __version__

Headers = tuple[tuple[str, str], ...]

_TO_BACKEND = ("anthropic-", "openai-beta", "x-stainless-", "x-claude-code-", "idempotency-key")
_TO_BACKEND_EXACT = frozenset(("originator", "session_id", "x-app", "x-client-request-id"))
_TO_CALLER = ("x-ratelimit-", "anthropic-ratelimit-")
_TO_CALLER_EXACT = frozenset(("retry-after", "retry-after-ms", "x-should-retry"))
_REQUEST_IDS = ("x-request-id", "request-id", "x-generation-id")

OWN: Headers = (
    ("content-type", "application/json"),
    ("accept-encoding", "identity"),
    ("user-agent", f"headgate/{__version__}"),
)

STREAM: Headers = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("connection", "keep-alive"),
    ("x-accel-buffering", "no"),
)
"""What every event stream is sent with."""


def to_backend(headers: Mapping[str, str]) -> Headers:
    """The caller's headers that a backend of the same dialect gets: features and client marks.

    An allow-list, so that no credential, cookie, trace or address of the caller ever leaves.
    """
    passed = [
        (name, value)
        for name, value in headers.items()
        if name in _TO_BACKEND_EXACT or name.startswith(_TO_BACKEND)
    ]
    return tuple(passed)


def to_caller(headers: Mapping[str, str]) -> Headers:
    """The backend's headers that the caller gets: limits, waiting times, its request id."""
    passed = [
        (name, value)
        for name, value in headers.items()
        if name in _TO_CALLER_EXACT or name.startswith(_TO_CALLER)
    ]
    for name in _REQUEST_IDS:
        if name in headers:
            passed.append(("x-upstream-request-id", headers[name]))
            break
    return tuple([(name, value) for name, value in passed if value.isprintable()])


def of_body(headers: Mapping[str, str]) -> Headers:
    """The backend's headers that say what a body is which passes as it is."""
    length = headers.get("content-length", "")
    return tuple(
        (name, headers[name])
        for name in ("content-type", "content-length", "content-disposition")
        if name in headers and (name != "content-length" or length.isdecimal())
    )


def tells_limits(name: str) -> bool:
    """Whether the header says what is left of a limit."""
    return name.startswith(_TO_CALLER)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """How long the backend asks to wait; `now` is Unix time, against which dates are read."""
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.replace(".", "", 1).isdecimal():
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
