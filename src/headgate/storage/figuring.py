"""What records add to the figures, computed before anything is written."""

import collections
import math
from collections.abc import Iterable, Sequence

import msgspec

from headgate.model import figures
from headgate.model.analytics import ERRORS
from headgate.model.books import AttemptRow, ExchangeRow
from headgate.model.outcome import Outcome
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
_Alike = tuple[str | None, str | None, str | None, str | None, str | None, str | None, int]
"""User, backend, model asked for and routed to, names of user and backend, day."""
_Tallied = dict[tuple[int, int], list[float]]
"""How many values and their sum, by measure and bucket."""


def change_of(added: Counted, taken: Counted = ()) -> Change:
    """What the figures change by where `added` are there now and `taken` are not any more."""
    change = Change({}, {}, {}, {})
    for records, sign in ((added, 1), (taken, -1)):
        closed: dict[_Alike, list[ExchangeRow]] = {}
        made: dict[_Alike, list[AttemptRow]] = {}
        for record in records:
            if isinstance(record, ExchangeRow):
                closed.setdefault(_of_exchange(record), []).append(record)
            else:
                made.setdefault(_of_attempt(record), []).append(record)
        for alike, exchanges in closed.items():
            _count_exchanges(change, alike, exchanges, sign)
        for alike, attempts in made.items():
            _count_attempts(change, alike, attempts, sign)
    return change


def _of_exchange(row: ExchangeRow) -> _Alike:
    return (
        row.user_id,
        row.backend_id,
        row.request_model,
        row.routed_model,
        row.user_name,
        row.backend_name,
        figures.day_of(row.created_at),
    )


def _of_attempt(row: AttemptRow) -> _Alike:
    day = figures.day_of(row.at)
    return row.user_id, row.backend_id, None, row.routed_model, None, row.backend_name, day


def _count_exchanges(change: Change, alike: _Alike, rows: Sequence[ExchangeRow], sign: int) -> None:
    *series, user_name, backend_name, day = alike
    sums = (
        len(rows),
        sum([row.outcome in ERRORS for row in rows]),
        sum([row.stream for row in rows]),
        sum(_tokens([row.prompt_tokens for row in rows])),
        sum(_tokens([row.completion_tokens for row in rows])),
        sum(_tokens([row.cached_tokens for row in rows])),
        sum(_tokens([row.reasoning_tokens for row in rows])),
        sum(_tokens([row.total_tokens for row in rows])),
        sum(map(_usd, [row.cost_usd for row in rows])),
    )
    tallied = _ended(figures.ENDED, [(row.outcome, row.detail_logged) for row in rows])
    _time(tallied, figures.FIRST_EVENT, [row.time_to_first_event_ms for row in rows])
    _time(tallied, figures.RESPONSE, [row.response_time_ms for row in rows])
    _lengths(tallied, [row.completion_tokens for row in rows])
    for key in _levels(*series):
        _note(change, key, day)
        there = change.sums.setdefault((key, day), [0] * len(SUMS))
        for place, value in enumerate(sums):
            there[place] += sign * value
        _tally(change, (key, day), tallied, sign)
    _name(change, "user", (alike[0], user_name), day)
    _name(change, "backend", (alike[1], backend_name), day)


def _count_attempts(change: Change, alike: _Alike, rows: Sequence[AttemptRow], sign: int) -> None:
    *series, _, backend_name, day = alike
    tallied = _ended(figures.ATTEMPT_ENDED, [(row.outcome, False) for row in rows])
    _time(tallied, figures.ATTEMPT_FIRST_EVENT, [row.time_to_first_event_ms for row in rows])
    _time(tallied, figures.ATTEMPT_DURATION, [row.duration_ms for row in rows])
    for key in _levels(*series):
        _note(change, key, day)
        _tally(change, (key, day), tallied, sign)
    _name(change, "backend", (alike[1], backend_name), day)


def _levels(
    user: str | None, backend: str | None, asked: str | None, routed: str | None
) -> tuple[SeriesKey, SeriesKey]:
    rest = backend or "", short(asked or ""), short(routed or "")
    return (EACH_USER, short(user or ""), *rest), (ALL_USERS, "", *rest)


def _note(change: Change, key: SeriesKey, day: int) -> None:
    change.last_days[key] = max(day, change.last_days.get(key, day))


def _tally(change: Change, at: tuple[SeriesKey, int], tallied: _Tallied, sign: int) -> None:
    for (measure, bucket), (n, total) in tallied.items():
        there = change.tallies.setdefault((*at, measure, bucket), [0, 0.0])
        there[0] += sign * n
        there[1] += sign * total


def _name(change: Change, kind: str, named: tuple[str | None, str | None], day: int) -> None:
    id_, name = named
    if id_ and name and id_ != name:
        key = (kind, id_, name)
        change.names[key] = max(day, change.names.get(key, day))


def _ended(measure: int, ends: Sequence[tuple[Outcome, bool]]) -> _Tallied:
    counted = collections.Counter(ends)
    return {(measure, figures.ended_bucket(*end)): [n, 0.0] for end, n in counted.items()}


def _time(tallied: _Tallied, measure: int, values_ms: Sequence[float | None]) -> None:
    for value_ms in values_ms:
        if value_ms is not None and math.isfinite(value_ms):
            _add(tallied, (measure, figures.latency_bucket(value_ms)), value_ms)


def _lengths(tallied: _Tallied, counts: Sequence[int | None]) -> None:
    for count, n in collections.Counter(counts).items():
        if count is not None:
            [bounded] = _tokens([count])
            _add(tallied, (figures.LENGTH, figures.length_bucket(count)), bounded * n, n)


def _add(tallied: _Tallied, at: tuple[int, int], total: float, n: int = 1) -> None:
    there = tallied.get(at)
    if there is None:
        tallied[at] = [n, total]
    else:
        there[0] += n
        there[1] += total


def _tokens(counts: Sequence[int | None]) -> list[int]:
    return [min(max(count, 0), MOST_TOKENS) if count else 0 for count in counts]


def _usd(cost_usd: float | None) -> float:
    if cost_usd is None or not math.isfinite(cost_usd):
        return 0.0
    return min(max(cost_usd, -MOST_USD), MOST_USD)
