"""The figures that concern a reader as tables to select from: whole days as they are kept, pieces
of days from the log itself."""

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from headgate.model import figures as kept
from headgate.model.analytics import ERRORS
from headgate.storage.days import Days, split
from headgate.storage.figure_tables import ALL_USERS, EACH_USER, figures, series, tallies
from headgate.storage.figuring import MOST_TOKENS, SUMS
from headgate.storage.scope import Condition, Scope, between, in_log, of_model
from headgate.storage.tables import attempts, exchanges

_DIMENSIONS = ("user_id", "backend_id", "request_model", "routed_model")
_LATENCIES = {
    kept.FIRST_EVENT: (exchanges, "time_to_first_event_ms"),
    kept.RESPONSE: (exchanges, "response_time_ms"),
    kept.ATTEMPT_FIRST_EVENT: (attempts, "time_to_first_event_ms"),
    kept.ATTEMPT_DURATION: (attempts, "duration_ms"),
}
OF_ATTEMPTS = frozenset((kept.ATTEMPT_FIRST_EVENT, kept.ATTEMPT_DURATION, kept.ATTEMPT_ENDED))


def sums(scope: Scope, *, each_user: bool, database: str) -> Subquery:
    """The sums of exchanges by day, user, backend and model; see `figuring.SUMS`."""
    days = split(scope.since, scope.until)
    whole = _of_series(figures, [figures.c[name] for name in SUMS], scope, days, each_user)
    if not days.pieces:
        return whole.subquery()
    return union_all(whole, _summed_log(scope, days, database)).subquery()


def counts(scope: Scope, measures: Sequence[int], *, each_user: bool, database: str) -> Subquery:
    """How many values of the `measures` fell into which bucket, and their sum, by day, user,
    backend and model."""
    days = split(scope.since, scope.until)
    values = [tallies.c[name] for name in ("measure", "bucket", "n", "total")]
    whole = _of_series(tallies, values, scope, days, each_user).where(
        tallies.c.measure.in_(measures)
    )
    if kept.ENDED in measures:
        whole = whole.where(tallies.c.bucket.in_(endings(scope)))
    if not days.pieces:
        return whole.subquery()
    logged = (_measured_log(measure, scope, days, database) for measure in measures)
    return union_all(whole, *logged).subquery()


def day_column(at: ColumnElement[float], database: str) -> ColumnElement[int]:
    """The day of a time, counted from 1970 in UTC."""
    days = at / literal_column("86400.0")
    # A cast cuts off in SQLite and rounds in PostgreSQL.
    return cast(days if database == "sqlite" else func.floor(days), BigInteger)


def number(value: int | float) -> ColumnElement[Any]:
    """A number in the statement's own text: PostgreSQL takes a parameter for text here."""
    return literal_column(repr(value), Double if isinstance(value, float) else BigInteger)


def series_conditions(scope: Scope, *, each_user: bool) -> list[Condition]:
    """The series that concern the reader, of one level."""
    by_user = each_user or scope.users is not None
    found: list[Condition] = [series.c.level == number(EACH_USER if by_user else ALL_USERS)]
    if scope.users is not None:
        found.append(series.c.user_id.in_(scope.users))
    if scope.backends is not None:
        found.append(series.c.backend_id.in_(scope.backends))
    if scope.model is not None:
        asked, routed = series.c.request_model, series.c.routed_model
        found.append(or_(asked == scope.model, routed == scope.model))
    return found


def day_conditions(table: Table, days: Days) -> list[Condition]:
    """The cells of the whole days."""
    found: list[Condition] = []
    if days.first is not None:
        found.append(table.c.day >= days.first)
    if days.end is not None:
        found.append(table.c.day < days.end)
    return found


def endings(scope: Scope) -> list[int]:
    """The buckets of `figures.ENDED` that the scope means."""
    outcomes = kept.OUTCOMES if scope.outcome is None else (scope.outcome,)
    details = (False, True) if scope.detail_logged is None else (scope.detail_logged,)
    return [kept.ended_bucket(outcome, detail) for outcome in outcomes for detail in details]


def _of_series(
    table: Table,
    values: Sequence[ColumnElement[Any]],
    scope: Scope,
    days: Days,
    each_user: bool,
) -> Select[Any]:
    dimensions = [series.c[name] for name in _DIMENSIONS]
    return (
        select(table.c.day, *dimensions, *values)
        .select_from(series.join(table, table.c.series == series.c.id))
        .where(*series_conditions(scope, each_user=each_user), *day_conditions(table, days))
    )


def _summed_log(scope: Scope, days: Days, database: str) -> Select[Any]:
    row = exchanges.c
    cost = func.coalesce(row.cost_usd, number(0.0)).label("cost_usd")
    values = [
        number(1).label("requests"),
        _flag(row.outcome.in_(sorted(ERRORS))).label("errors"),
        _flag(row.stream).label("streams"),
        *(_bounded(row[name]).label(name) for name in SUMS if name.endswith("_tokens")),
        cost,
    ]
    return (
        select(*_dimensions(exchanges, database), *values)
        .where(*in_log(scope), *of_model(scope))
        .where(_in_pieces(row.created_at, days))
    )


def _measured_log(measure: int, scope: Scope, days: Days, database: str) -> Select[Any]:
    table = attempts if measure in OF_ATTEMPTS else exchanges
    bucket, value = _bucket_and_value(measure)
    at = table.c.at if table is attempts else table.c.created_at
    wanted = _of_attempts(scope) if table is attempts else [*in_log(scope), *of_model(scope)]
    return (
        select(
            *_dimensions(table, database),
            number(measure).label("measure"),
            bucket.label("bucket"),
            number(1).label("n"),
            cast(value, Double).label("total"),
        )
        .where(*wanted, value.is_not(None))
        .where(_in_pieces(at, days))
    )


def _bucket_and_value(measure: int) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if measure in _LATENCIES:
        table, name = _LATENCIES[measure]
        return _latency_bucket(measure), table.c[name]
    if measure == kept.LENGTH:
        tokens = exchanges.c.completion_tokens
        return _bucket(tokens, kept.LENGTH_EDGES), _bounded(tokens, null=True)
    table = attempts if measure in OF_ATTEMPTS else exchanges
    detail = number(0) if table is attempts else _flag(exchanges.c.detail_logged)
    places = {word: number(2 * place) for place, word in enumerate(kept.OUTCOMES)}
    return case(places, value=table.c.outcome, else_=number(0)) + detail, number(0.0)


@functools.cache
def _latency_bucket(measure: int) -> Any:
    table, name = _LATENCIES[measure]
    return _bucket(table.c[name], kept.LATENCY_EDGES)


def _bucket(column: ColumnElement[Any], edges: Sequence[float], first: int = 0) -> Any:
    """How many of the `edges` the value has reached, by halving."""
    if not edges:
        return number(first)
    middle = len(edges) // 2
    below = _bucket(column, edges[:middle], first)
    above = _bucket(column, edges[middle + 1 :], first + middle + 1)
    return case((column < number(edges[middle]), below), else_=above)


def _dimensions(table: Table, database: str) -> list[ColumnElement[Any]]:
    """Day, user, backend and model of rows of the log, as the figures have them."""
    of_exchange = table is exchanges
    at = table.c.created_at if of_exchange else table.c.at
    asked = table.c.request_model if of_exchange else literal_column("''")
    return [
        day_column(at, database).label("day"),
        _text(table.c.user_id).label("user_id"),
        _text(table.c.backend_id).label("backend_id"),
        asked.label("request_model"),
        _text(table.c.routed_model).label("routed_model"),
    ]


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.coalesce(column, literal_column("''"))


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, number(1)), else_=number(0))


def _bounded(column: ColumnElement[Any], *, null: bool = False) -> ColumnElement[int]:
    most = number(MOST_TOKENS)
    cases = [(column > most, most), (column > number(0), column)]
    if null:
        cases.append((column.is_not(None), number(0)))
        return case(*cases)
    return case(*cases, else_=number(0))


def _of_attempts(scope: Scope) -> list[Condition]:
    found: list[Condition] = []
    if scope.users is not None:
        found.append(attempts.c.user_id.in_(scope.users))
    if scope.backends is not None:
        found.append(attempts.c.backend_id.in_(scope.backends))
    if scope.model is not None:
        found.append(attempts.c.routed_model == scope.model)
    return found


def _in_pieces(at: ColumnElement[float], days: Days) -> Condition:
    return or_(*(and_(*between(at, low, high)) for low, high in days.pieces))
