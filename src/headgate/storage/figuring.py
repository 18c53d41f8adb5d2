"""What records add to the figures, computed before anything is written."""

import math
from collections.abc import Iterable

import msgspec

from headgate.model import figures
from headgate.model.analytics import ERRORS
from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.figure_tables import ALL_USERS, EACH_USER
from headgate.storage.rows import short

MOST_TOKENS = 10**12
"""What an exchange counts for at most: a backend may claim anything, and sums must stay whole."""

MOST_USD = 1e9

SeriesKey = tuple[int, str, str, str, str]
"""Level, user, backend, model asked for, model routed to."""

SUMS = (
    "requests",
    "errors",
    "streams",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "total_tokens",
    "cost_usd",
)


class Change(msgspec.Struct, frozen=True):
    """What is added to the figures. ``last_days`` by series; ``sums``, in the order of `SUMS`, by
    series and day; ``tallies``, how many and their sum, by series, day, measure and bucket;
    ``names``: the last day on which a user or backend with that id had the name."""

    last_days: dict[SeriesKey, int]
    sums: dict[tuple[SeriesKey, int], list[float]]
    tallies: dict[tuple[SeriesKey, int, int, int], list[float]]
    names: dict[tuple[str, str, str], int]


Counted = Iterable[ExchangeRow | AttemptRow]


def change_of(added: Counted, taken: Counted = ()) -> Change:
    """What the figures change by where `added` are there now and `taken` are not any more."""
    change = Change({}, {}, {}, {})
    for records, sign in ((added, 1), (taken, -1)):
        for record in records:
            if isinstance(record, ExchangeRow):
                _count_exchange(change, record, sign)
            else:
                _count_attempt(change, record, sign)
    return change


def _count_exchange(change: Change, row: ExchangeRow, sign: int) -> None:
    user, backend = short(row.user_id or ""), row.backend_id or ""
    day = figures.day_of(row.created_at)
    sums = (
        1,
        row.outcome in ERRORS,
        row.stream,
        _tokens(row.prompt_tokens),
        _tokens(row.completion_tokens),
        _tokens(row.cached_tokens),
        _tokens(row.reasoning_tokens),
        _tokens(row.total_tokens),
        _usd(row.cost_usd),
    )
    measured = [
        (figures.ENDED, figures.ended_bucket(row.outcome, row.detail_logged), 0.0),
        *_time(figures.FIRST_EVENT, row.time_to_first_event_ms),
        *_time(figures.RESPONSE, row.response_time_ms),
    ]
    if row.completion_tokens is not None:
        bucket = figures.length_bucket(row.completion_tokens)
        measured.append((figures.LENGTH, bucket, _tokens(row.completion_tokens)))
    models = short(row.request_model), short(row.routed_model or "")
    for key in _levels(user, backend, *models):
        _note(change, key, day)
        there = change.sums.setdefault((key, day), [0] * len(SUMS))
        for place, value in enumerate(sums):
            there[place] += sign * value
        _tally(change, (key, day), measured, sign)
    _name(change, "user", (row.user_id, row.user_name), day)
    _name(change, "backend", (row.backend_id, row.backend_name), day)


def _count_attempt(change: Change, row: AttemptRow, sign: int) -> None:
    day = figures.day_of(row.at)
    measured = [
        (figures.ATTEMPT_ENDED, figures.ended_bucket(row.outcome, False), 0.0),
        *_time(figures.ATTEMPT_FIRST_EVENT, row.time_to_first_event_ms),
        *_time(figures.ATTEMPT_DURATION, row.duration_ms),
    ]
    model = short(row.routed_model)
    for key in _levels(short(row.user_id or ""), row.backend_id, "", model):
        _note(change, key, day)
        _tally(change, (key, day), measured, sign)
    _name(change, "backend", (row.backend_id, row.backend_name), day)


def _levels(user: str, backend: str, asked: str, routed: str) -> tuple[SeriesKey, SeriesKey]:
    return (EACH_USER, user, backend, asked, routed), (ALL_USERS, "", backend, asked, routed)


def _note(change: Change, key: SeriesKey, day: int) -> None:
    change.last_days[key] = max(day, change.last_days.get(key, day))


def _tally(
    change: Change, at: tuple[SeriesKey, int], measured: list[tuple[int, int, float]], sign: int
) -> None:
    for measure, bucket, value in measured:
        there = change.tallies.setdefault((*at, measure, bucket), [0, 0.0])
        there[0] += sign
        there[1] += sign * value


def _name(change: Change, kind: str, named: tuple[str | None, str | None], day: int) -> None:
    id_, name = named
    if id_ and name and id_ != name:
        key = (kind, id_, name)
        change.names[key] = max(day, change.names.get(key, day))


def _time(measure: int, value_ms: float | None) -> list[tuple[int, int, float]]:
    if value_ms is None or not math.isfinite(value_ms):
        return []
    return [(measure, figures.latency_bucket(value_ms), value_ms)]


def _tokens(count: int | None) -> int:
    return min(max(count or 0, 0), MOST_TOKENS)


def _usd(cost_usd: float | None) -> float:
    if cost_usd is None or not math.isfinite(cost_usd):
        return 0.0
    return min(max(cost_usd, -MOST_USD), MOST_USD)
