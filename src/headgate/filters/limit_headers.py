"""Where a caller stands with its limits, in the header names of its dialect."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from headgate.model.limits import Counted, Standing

Headers = tuple[tuple[str, str], ...]


def limit_headers(dialect: str, standings: Iterable[Standing], at: float) -> Headers:
    """The headers that tell `standings` at the Unix time `at`. Of two rates that count the same,
    the one of which less is left."""
    tightest: dict[Counted, Standing] = {}
    for standing in standings:
        known = tightest.get(standing.counted)
        if known is None or standing.remaining < known.remaining:
            tightest[standing.counted] = standing
    write = _WRITERS[dialect]
    told: list[tuple[str, str]] = []
    for standing in tightest.values():
        told += write(standing, at)
    return tuple(told)


def _openai(standing: Standing, at: float) -> Headers:
    """https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers."""
    counted = standing.counted
    return (
        (f"x-ratelimit-limit-{counted}", str(standing.limit)),
        (f"x-ratelimit-remaining-{counted}", str(standing.remaining)),
        (f"x-ratelimit-reset-{counted}", go_duration(standing.reset_s)),
    )


def _anthropic(standing: Standing, at: float) -> Headers:
    """https://docs.claude.com/en/api/rate-limits#response-headers."""
    reset = datetime.fromtimestamp(math.ceil(at + standing.reset_s), UTC)
    prefix = f"anthropic-ratelimit-{standing.counted}"
    return (
        (f"{prefix}-limit", str(standing.limit)),
        (f"{prefix}-remaining", str(standing.remaining)),
        (f"{prefix}-reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ")),
    )


def go_duration(seconds: float) -> str:
    """A duration as Go writes it, and OpenAI's headers with it: ``20ms``, ``1s``, ``6m0s``."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms" if seconds > 0 else "0s"
    whole = math.ceil(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


_WRITERS: Mapping[str, Callable[[Standing, float], Headers]] = {
    "chat": _openai,
    "responses": _openai,
    "messages": _anthropic,
}
