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
    dimensions = [series.c[name] for name in _DIMENSIONS]
    whole = (
        select(figures.c.day, *dimensions, *(figures.c[name] for name in SUMS))
        .select_from(series.join(figures, figures.c.series == series.c.id))
        .where(*series_conditions(scope, each_user=each_user), *day_conditions(figures, days))
    )
    if not days.pieces:
        return whole.subquery()
    return union_all(whole, _summed_log(scope, days, database)).subquery()


def counts(scope: Scope, measures: Sequence[int], *, each_user: bool) -> Subquery:
    """How many values of the `measures` fell into which bucket, and their sum, by user, backend
    and model."""
    days = split(scope.since, scope.until)
    whole = _tallied(scope, measures, days, each_user)
    if not days.pieces:
        return whole.subquery()
    logged = (_measured_log(measure, scope, days, each_user) for measure in measures)
    return union_all(whole, *logged).subquery()


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


def _tallied(scope: Scope, measures: Sequence[int], days: Days, each_user: bool) -> Select[Any]:
    """Grouped by the series' numbers before anything is joined to them."""
    meant = select(series.c.id).where(*series_conditions(scope, each_user=each_user))
    places = [tallies.c.series, tallies.c.measure, tallies.c.bucket]
    by_series = (
        select(*places, func.sum(tallies.c.n).label("n"), func.sum(tallies.c.total).label("total"))
        .where(tallies.c.series.in_(meant), tallies.c.measure.in_(measures))
        .where(*day_conditions(tallies, days))
        .group_by(*places)
        .subquery()
    )
    dimensions = [series.c[name] for name in _DIMENSIONS]
    values = [by_series.c[name] for name in ("measure", "bucket", "n", "total")]
    return select(*dimensions, *values).select_from(
        by_series.join(series, by_series.c.series == series.c.id)
    )


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
        select(_day(row.created_at, database).label("day"), *_dimensions(exchanges, True), *values)
        .where(*in_log(scope), *of_model(scope))
        .where(_in_pieces(row.created_at, days))
    )


def _day(at: ColumnElement[float], database: str) -> ColumnElement[int]:
    """The day of a time, counted from 1970 in UTC."""
    days = at / literal_column("86400.0")
    # A cast cuts off in SQLite and rounds in PostgreSQL.
    return cast(days if database == "sqlite" else func.floor(days), BigInteger)


def _measured_log(measure: int, scope: Scope, days: Days, each_user: bool) -> Select[Any]:
    table = attempts if measure in OF_ATTEMPTS else exchanges
    bucket, value = _bucket_and_value(measure)
    at = table.c.at if table is attempts else table.c.created_at
    wanted = _of_attempts(scope) if table is attempts else [*in_log(scope), *of_model(scope)]
    places = [
        *_dimensions(table, each_user),
        number(measure).label("measure"),
        bucket.label("bucket"),
    ]
    rows = (
        select(*places, value.label("value"))
        .where(*wanted, value.is_not(None))
        .where(_in_pieces(at, days))
        .subquery()
    )
    groups = list(rows.c)[:-1]
    total = cast(func.sum(rows.c.value), Double)
    return select(*groups, func.count().label("n"), total.label("total")).group_by(*groups)


def _bucket_and_value(measure: int) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if measure in _LATENCIES:
        table, name = _LATENCIES[measure]
        return _bucket(table, name, kept.LATENCY_EDGES), table.c[name]
    if measure == kept.LENGTH:
        tokens = exchanges.c.completion_tokens
        place = _bucket(exchanges, tokens.name, kept.LENGTH_EDGES)
        return place, _bounded(tokens, null=True)
    table = attempts if measure in OF_ATTEMPTS else exchanges
    detail = number(0) if table is attempts else _flag(exchanges.c.detail_logged)
    places = {word: number(2 * place) for place, word in enumerate(kept.OUTCOMES)}
    return case(places, value=table.c.outcome, else_=number(0)) + detail, number(0.0)


@functools.cache
def _bucket(table: Table, name: str, edges: tuple[float, ...]) -> ColumnElement[int]:
    """How many of the `edges` the value has reached, as text: it is long, and always the same."""
    return literal_column(_halved(f"{table.name}.{name}", edges), BigInteger)


def _halved(column: str, edges: Sequence[float], first: int = 0) -> str:
    if not edges:
        return str(first)
    middle = len(edges) // 2
    below = _halved(column, edges[:middle], first)
    above = _halved(column, edges[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {column} < {edges[middle]!r} THEN {below} ELSE {above} END"


def _dimensions(table: Table, each_user: bool) -> list[ColumnElement[Any]]:
    """User, backend and model of rows of the log, as the figures have them; the model asked for
    only where none was routed to."""
    none: ColumnElement[str] = literal_column("''")
    unrouted = case((table.c.routed_model.is_(None), exchanges.c.request_model), else_=none)
    asked = unrouted if table is exchanges else none
    user = _text(table.c.user_id) if each_user else none
    columns = {
        "user_id": user,
        "backend_id": _text(table.c.backend_id),
        "request_model": asked,
        "routed_model": _text(table.c.routed_model),
    }
    return [column.label(name) for name, column in columns.items()]


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
