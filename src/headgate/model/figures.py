"""The figures that are kept of each day beside the request log: which there are, and in which
buckets what is measured falls.

A bucket keeps how many values fell into it and their sum, so that a quantile is the mean of the
values in one bucket: exact where they are equal, and off by less than an eighth of itself else.
"""

import bisect
from typing import get_args

from headgate.model.analytics import BUCKET_EDGES
from headgate.model.outcome import Outcome

FIRST_EVENT = 0
RESPONSE = 1
LENGTH = 2
ENDED = 3
ATTEMPT_FIRST_EVENT = 4
ATTEMPT_DURATION = 5
ATTEMPT_ENDED = 6
MEASURES = range(7)

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""The place of an outcome is kept in databases: new ones come at the end."""

LATENCY_EDGES = tuple(
    2.0**octave * (1 + eighth / 8) for octave in range(-2, 21) for eighth in range(8)
)
"""Milliseconds: eight buckets for every doubling from a quarter of one to half an hour."""

LENGTH_EDGES = tuple(map(float, BUCKET_EDGES[1:]))

DAY_S = 86_400


def latency_bucket(value_ms: float) -> int:
    """Where a time falls: how many edges it has reached."""
    return bisect.bisect_right(LATENCY_EDGES, value_ms)


def length_bucket(tokens: int) -> int:
    """Where an answer's length falls."""
    return bisect.bisect_right(LENGTH_EDGES, tokens)


def ended_bucket(outcome: Outcome, detail_logged: bool) -> int:
    """How an exchange ended, and whether its bodies were kept."""
    return 2 * OUTCOMES.index(outcome) + detail_logged


def day_of(at: float) -> int:
    """The day in UTC, counted from 1970, of a Unix time."""
    return int(at // DAY_S)
