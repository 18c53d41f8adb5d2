"""Usage objects in both directions, whatever the backend's arithmetic."""

from typing import Any

from headgate.dialects.chat.lenient import Json, count_at, object_in, rest_of
from headgate.model.usage import Usage

_COUNTERS = frozenset(("prompt_tokens", "completion_tokens", "total_tokens"))
_PLAIN = _COUNTERS | {"prompt_tokens_details", "completion_tokens_details"}
_CACHED = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")
_OF_PROMPT = frozenset(("cached_tokens", "cache_write_tokens"))
_OF_COMPLETION = frozenset(("reasoning_tokens",))


def read_usage(value: Any) -> Usage | None:
    """The usage in a reply's or chunk's ``usage``; None where it holds no count.

    Some backends leave reasoning out of ``completion_tokens`` (the total tells: it is the sum of
    all three), some leave cached input out of ``prompt_tokens`` (more is cached than was asked);
    cached input has four spellings.
    """
    if not isinstance(value, dict):
        return None
    prompt = count_at(value, "prompt_tokens", "input_tokens")
    completion = count_at(value, "completion_tokens", "output_tokens")
    if prompt is None and completion is None:
        return None
    if value.keys() <= _COUNTERS:  # all that many a server says
        return _plain(prompt, completion, count_at(value, "total_tokens"))
    prompt_details = object_in(value.get("prompt_tokens_details"))
    completion_details = object_in(value.get("completion_tokens_details"))
    reasoning = _either(completion_details, value, "reasoning_tokens")
    total = count_at(value, "total_tokens")
    if completion is not None and reasoning and total == (prompt or 0) + completion + reasoning:
        completion += reasoning
    cached = _either(prompt_details, value, *_CACHED)
    extras = rest_of(value, _PLAIN) or {}
    if prompt is not None and cached is not None and cached > prompt:
        extras["prompt_tokens"] = prompt
        prompt += cached
    _keep(extras, "prompt_tokens_details", prompt_details, _OF_PROMPT)
    _keep(extras, "completion_tokens_details", completion_details, _OF_COMPLETION)
    if total is not None and total != (prompt or 0) + (completion or 0):
        extras["total_tokens"] = total
    return Usage(
        prompt,
        completion,
        cached,
        count_at(prompt_details, "cache_write_tokens"),
        None,
        reasoning,
        "chat",
        extras or None,
    )


def _plain(prompt: int | None, completion: int | None, total: int | None) -> Usage:
    differs = total is not None and total != (prompt or 0) + (completion or 0)
    extras = {"total_tokens": total} if differs else None
    return Usage(prompt, completion, None, None, None, None, "chat", extras)


def _either(details: Json, value: Json, *names: str) -> int | None:
    """A count of the details, else of the usage itself."""
    found = count_at(details, *names) if details else None
    return count_at(value, *names) if found is None else found


def _keep(extras: Json, name: str, details: Json, known: frozenset[str]) -> None:
    rest = rest_of(details, known) if details else None
    if rest:
        extras[name] = rest


def write_usage(usage: Usage) -> Json:
    """The usage object: both detail objects always, with whole numbers."""
    own = dict(usage.extras or {}) if usage.dialect == "chat" else {}
    prompt_details = {"cached_tokens": usage.cached_tokens or 0}
    if usage.cache_write_tokens is not None:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    completion_details = {"reasoning_tokens": usage.reasoning_tokens or 0}
    return {
        "prompt_tokens": own.pop("prompt_tokens", usage.input_tokens or 0),
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": own.pop("total_tokens", usage.total_tokens),
        "prompt_tokens_details": {**prompt_details, **own.pop("prompt_tokens_details", {})},
        "completion_tokens_details": {
            **completion_details,
            **own.pop("completion_tokens_details", {}),
        },
        **own,
    }
