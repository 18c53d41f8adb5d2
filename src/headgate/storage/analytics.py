"""Reads the request log in numbers. Every figure is computed by the database, in one statement."""

import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    case,
    cast,
    func,
    literal_column,
    select,
)

from headgate.model.analytics import (
    BUCKET_EDGES,
    ERRORS,
    MOST_GROUPS,
    Bucket,
    Group,
    GroupKey,
    Latency,
    Quality,
    Quantiles,
    Totals,
)
from headgate.model.book_query import RequestQuery
from headgate.storage.engine import Database
from headgate.storage.request_log import conditions
from headgate.storage.sql import Row
from headgate.storage.tables import attempts, exchanges

_SUMMED = (
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "total_tokens",
)
_PER_CENT = (50, 95, 99)
_NAMES: Mapping[GroupKey, str] = {
    "day": "day",
    "user": "user_id",
    "backend": "backend_id",
    "model": "model",
}


class Analytics:
    """The numbers of the exchanges that a query fits; its page does not matter.

    `catch_up` is awaited before each reading, where the last moments' exchanges may still be on
    their way. Every method raises StoreUnreachable.
    """

    def __init__(
        self, database: Database, catch_up: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._database = database
        self._catch_up = catch_up

    async def totals(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Totals, ...]:
        """Sums by the given keys, the latest day and the most requests first."""
        groups = self._groups(exchanges, by)
        wanted = select(
            *groups.values(),
            func.count().label("requests"),
            _count(exchanges.c.outcome.in_(sorted(ERRORS))).label("errors"),
            _count(exchanges.c.stream).label("streams"),
            *(_sum(exchanges.c[name]).label(name) for name in _SUMMED),
            func.coalesce(func.sum(exchanges.c.cost_usd), 0.0).label("cost_usd"),
        ).where(*conditions(query))
        order = [groups["day"].desc()] if "day" in groups else []
        rows = await self._fetch(
            wanted.group_by(*groups.values())
            .order_by(*order, func.count().desc(), *groups.values())
            .limit(MOST_GROUPS)
        )
        return tuple(_totals(row) for row in rows if by or row["requests"])

    async def latency(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Latency, ...]:
        """Quantiles of waiting by the given keys."""
        groups = self._groups(exchanges, by)
        where = conditions(query)
        whole = exchanges.c.response_time_ms
        first = await self._quantiles(groups, exchanges.c.time_to_first_event_ms, where)
        response = await self._quantiles(groups, whole, where)
        return tuple(
            Latency(
                group=group,
                requests=count,
                time_to_first_event_ms=first.get(group, (0, Quantiles()))[1],
                response_time_ms=quantiles,
            )
            for group, (count, quantiles) in response.items()
        )

    async def quality(self, query: RequestQuery) -> tuple[Quality, ...]:
        """How each backend's attempts ended, the busiest backend first."""
        where = _attempt_conditions(query)
        backend, outcome = attempts.c.backend_id, attempts.c.outcome
        ended = await self._fetch(
            select(backend, outcome, func.count().label("n"))
            .where(*where)
            .group_by(backend, outcome)
            .order_by(outcome)
        )
        outcomes: dict[str, dict[Any, int]] = {}
        for row in ended:
            outcomes.setdefault(row["backend_id"], {})[row["outcome"]] = row["n"]
        groups = self._groups(attempts, ("backend",))
        first = await self._quantiles(groups, attempts.c.time_to_first_event_ms, where)
        whole = await self._quantiles(groups, attempts.c.duration_ms, where)
        nothing = (0, Quantiles())
        made = (
            Quality(
                backend_id=name,
                attempts=sum(counts.values()),
                errors=sum(n for outcome, n in counts.items() if outcome in ERRORS),
                outcomes=counts,
                time_to_first_event_ms=first.get(Group(backend_id=name), nothing)[1],
                duration_ms=whole.get(Group(backend_id=name), nothing)[1],
            )
            for name, counts in outcomes.items()
        )
        return tuple(sorted(made, key=lambda one: (-one.attempts, one.backend_id)))

    async def lengths(self, query: RequestQuery) -> tuple[Bucket, ...]:
        """How long the answers were, in tokens; empty buckets too."""
        tokens = exchanges.c.completion_tokens
        edges = BUCKET_EDGES
        bucket = case(
            *((tokens < _number(edge), _number(place)) for place, edge in enumerate(edges[1:])),
            else_=_number(len(edges) - 1),
        )
        inner = select(bucket.label("bucket")).where(*conditions(query), tokens.is_not(None))
        placed = inner.subquery()
        rows = await self._fetch(
            select(placed.c.bucket, func.count().label("n")).group_by(placed.c.bucket)
        )
        counts = {row["bucket"]: row["n"] for row in rows}
        ends = [*(edge - 1 for edge in edges[1:]), None]
        return tuple(
            Bucket(least=least, most=most, requests=counts.get(place, 0))
            for place, (least, most) in enumerate(zip(edges, ends, strict=True))
        )

    async def active_users(self, query: RequestQuery) -> int:
        """How many users asked anything."""
        users = func.count(func.distinct(exchanges.c.user_id)).label("n")
        return int((await self._fetch(select(users).where(*conditions(query))))[0]["n"])

    async def _quantiles(
        self,
        groups: Mapping[str, ColumnElement[Any]],
        value: ColumnElement[Any],
        where: Sequence[ColumnElement[bool]],
    ) -> dict[Group, tuple[int, Quantiles]]:
        """By group: how many values there are, and their quantiles (nearest rank)."""
        keys = list(groups.values())
        ranked = (
            select(
                *keys,
                value.label("value"),
                func.row_number().over(partition_by=keys or None, order_by=value).label("place"),
                func.count().over(partition_by=keys or None).label("n"),
            )
            .where(*where, value.is_not(None))
            .subquery()
        )
        hundredfold = ranked.c.place * _number(100)
        reached = (
            func.min(case((hundredfold >= ranked.c.n * _number(per_cent), ranked.c.value))).label(
                f"p{per_cent}"
            )
            for per_cent in _PER_CENT
        )
        by = [ranked.c[name] for name in groups]
        n = func.max(ranked.c.n).label("n")
        rows = await self._fetch(
            select(*by, n, *reached).group_by(*by).order_by(n.desc(), *by).limit(MOST_GROUPS)
        )
        return {
            _group(row): (row["n"], Quantiles(row["p50"], row["p95"], row["p99"]))
            for row in rows
            if row["n"]
        }

    def _groups(self, table: Table, by: Sequence[GroupKey]) -> dict[str, ColumnElement[Any]]:
        """The columns to tell apart by, under their names in a row."""
        made: dict[str, ColumnElement[Any]] = {}
        for key in dict.fromkeys(by):
            made[_NAMES[key]] = self._column(table, key).label(_NAMES[key])
        return made

    def _column(self, table: Table, key: GroupKey) -> ColumnElement[Any]:
        match key:
            case "day":
                days = table.c.created_at / literal_column("86400.0")
                # A cast cuts off in SQLite and rounds in PostgreSQL.
                whole = days if self._database.name == "sqlite" else func.floor(days)
                return cast(whole, BigInteger)
            case "model":
                return func.coalesce(table.c.routed_model, table.c.request_model)
            case "user":
                return table.c.user_id
            case "backend":
                return table.c.backend_id

    async def _fetch(self, statement: Any) -> list[Row]:
        if self._catch_up is not None:
            await self._catch_up()
        return await self._database.fetch(statement)


def _number(value: int) -> ColumnElement[int]:
    """A number in the statement's own text: PostgreSQL takes a parameter for text here."""
    return literal_column(str(value), BigInteger)


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as a whole number, which PostgreSQL would make a numeric."""
    return cast(func.coalesce(func.sum(column), _number(0)), BigInteger)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return _sum(case((condition, _number(1)), else_=_number(0)))


def _attempt_conditions(query: RequestQuery) -> list[ColumnElement[bool]]:
    """The attempts of a time, at a backend, of a model; those of a user by their exchanges."""
    found: list[ColumnElement[bool]] = []
    if query.since is not None:
        found.append(attempts.c.at >= query.since)
    if query.until is not None:
        found.append(attempts.c.at < query.until)
    if query.backend_id is not None:
        found.append(attempts.c.backend_id == query.backend_id)
    if query.model is not None:
        found.append(attempts.c.routed_model == query.model)
    if query.user_id is not None:
        theirs = select(exchanges.c.id).where(exchanges.c.user_id == query.user_id)
        found.append(attempts.c.exchange_id.in_(theirs))
    return found


def _totals(row: Row) -> Totals:
    numbers = {name: row[name] for name in ("requests", "errors", "streams", *_SUMMED, "cost_usd")}
    return Totals(group=_group(row), **numbers)


def _group(row: Row) -> Group:
    found = {name: row[name] for name in _NAMES.values() if name in row}
    if "day" in found:
        found["day"] = (_EPOCH + datetime.timedelta(days=found["day"])).isoformat()
    return Group(**found)


_EPOCH = datetime.date(1970, 1, 1)
