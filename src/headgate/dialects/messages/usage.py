"""Token counts: the uncached part, cache reads and writes apart, to totals and back."""

from typing import Any

from headgate.dialects.messages.own import NAME
from headgate.model.parts import Extras
from headgate.model.usage import Usage

_COUNTED = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    }
)
_OPENING_ONLY = frozenset({"service_tier", "inference_geo", "speed", "cache_creation"})


def read_usage(raw: Extras) -> Usage:
    """The usage object of a message, or of all events of a stream so far laid over each other."""
    read = _count(raw.get("cache_read_input_tokens"))
    written = _count(raw.get("cache_creation_input_tokens"))
    uncached = _count(raw.get("input_tokens"))
    total = None if uncached is None else uncached + (read or 0) + (written or 0)
    extras = {key: value for key, value in raw.items() if key not in _COUNTED}
    return Usage(
        total,
        _count(raw.get("output_tokens")),
        read,
        written,
        _inner(raw, "cache_creation", "ephemeral_1h_input_tokens"),
        _inner(raw, "output_tokens_details", "thinking_tokens"),
        NAME,
        extras or None,
    )


def write_usage(usage: Usage | None, input_estimate: int) -> dict[str, Any]:
    """The usage object of a message; `input_estimate` stands in where no input count came.

    The three parts of the input sum up to all of it, also where a backend counts tokens as both
    read from the cache and written to it.
    """
    known = usage or Usage()
    total = known.input_tokens
    read = known.cached_tokens or 0
    written = known.cache_write_tokens or 0
    if total is not None:
        read = min(read, total)
        written = min(written, total - read)
    said: dict[str, Any] = {
        "input_tokens": input_estimate if total is None else total - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": known.output_tokens or 0,
    }
    if known.dialect == NAME and known.extras:
        return {**known.extras, **said}
    if known.reasoning_tokens is not None:
        said["output_tokens_details"] = {"thinking_tokens": known.reasoning_tokens}
    return said


def closing_usage(usage: Usage | None, input_estimate: int) -> dict[str, Any]:
    """The usage object of ``message_delta``, which repeats nothing that only opens a stream."""
    said = write_usage(usage, input_estimate)
    return {key: value for key, value in said.items() if key not in _OPENING_ONLY}


def opening_usage(native: Any, input_estimate: int) -> dict[str, Any]:
    """The usage object of ``message_start``: the backend's own where it is of this dialect."""
    raw = native if isinstance(native, dict) else {}
    said = write_usage(read_usage(raw), input_estimate)
    return said if raw else {**said, "output_tokens": 0}


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


def _inner(raw: Extras, outer: str, key: str) -> int | None:
    value = raw.get(outer)
    return _count(value.get(key)) if isinstance(value, dict) else None
