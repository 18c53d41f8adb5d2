"""What the request log says in numbers: totals, quantiles, outcomes, a histogram."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from headgate.model.outcome import Outcome

GroupKey = Literal["day", "user", "backend", "model"]
"""What numbers can be told apart by. A day is one in UTC."""

ERRORS: frozenset[Outcome] = frozenset(
    {"empty", "truncated", "upstream_error", "timeout", "drained", "killed"}
)
"""Outcomes in which the caller did not get what was asked for, and neither caller nor a rule of
ours wanted it so."""

BUCKET_EDGES = (0, 1, 16, 64, 256, 1024, 4096, 16384, 65536)
"""Where the buckets of the histogram of answers' lengths begin, in tokens; the last is open."""

MOST_GROUPS = 1_000


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of numbers is about; None: not told apart by it, or not known. Names are the
    newest known."""

    day: str | None = None
    user_id: str | None = None
    user_name: str | None = None
    backend_id: str | None = None
    backend_name: str | None = None
    model: str | None = None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over exchanges; unknown tokens and costs count as nothing."""

    group: Group
    requests: int
    errors: int
    streams: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    total_tokens: int
    cost_usd: float


class Quantiles(msgspec.Struct, frozen=True):
    """The smallest value that so many per cent of all do not exceed, give or take an eighth (see
    `headgate.model.figures`); None: there is no value."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long callers waited, in milliseconds; ``requests`` is how many were measured."""

    group: Group
    requests: int
    time_to_first_event_ms: Quantiles
    response_time_ms: Quantiles


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How the attempts at one backend ended, second attempts included."""

    backend_id: str
    backend_name: str
    attempts: int
    errors: int
    outcomes: Mapping[Outcome, int]
    time_to_first_event_ms: Quantiles
    duration_ms: Quantiles


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers had `least` tokens or more and at most `most`; None: without end."""

    least: int
    most: int | None
    requests: int
