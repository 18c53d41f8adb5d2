"""Reads the request log in numbers, from the figures of each day that are kept beside it."""

import datetime
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Subquery, case, cast, func, select

from headgate.model import figures as kept
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
from headgate.model.figures import DAY_S
from headgate.storage import cells
from headgate.storage.days import split
from headgate.storage.engine import Database
from headgate.storage.figure_tables import figures
from headgate.storage.figuring import SUMS
from headgate.storage.quantiles import Counted, quantiles
from headgate.storage.scope import Scope, names, scope_of
from headgate.storage.sql import Row

_NAMES: Mapping[GroupKey, str] = {
    "day": "day",
    "user": "user_id",
    "backend": "backend_id",
    "model": "model",
}
_COUNTS = tuple(name for name in SUMS if name != "cost_usd")
_EPOCH = datetime.date(1970, 1, 1)
_FIRST_DAYS = 2
_MOST_STRETCHES = 8
_MANY: frozenset[GroupKey] = frozenset({"day", "user"})
"""By these there are more groups than an answer holds."""

Measured = dict[Group, dict[int, list[tuple[int, Counted]]]]
"""By group and measure: the buckets in their order, with what is in each."""


class Analytics:
    """The numbers of the exchanges of a query's time, user, backend and model; nothing else of it
    matters. Figures outlive rows: what is no whole day is counted in the log, as far as that
    reaches back.

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
        scope = await self._scope(query)
        rows: list[Row] = []
        for stretch in await self._stretches(scope) if set(by) >= _MANY else [scope]:
            rows += await self._sums(stretch, by, MOST_GROUPS - len(rows))
            if len(rows) == MOST_GROUPS:
                break
        named = await self._named([_group(row) for row in rows])
        return tuple(_totals(row, group) for row, group in zip(rows, named, strict=True))

    async def latency(self, query: RequestQuery, by: Sequence[GroupKey]) -> tuple[Latency, ...]:
        """Quantiles of waiting by the given keys, the day aside, the most requests first."""
        measured = await self._measured(query, (kept.FIRST_EVENT, kept.RESPONSE), by)
        named = await self._named(list(measured))
        found = (
            Latency(
                group=group,
                requests=sum(n for _, (n, _) in buckets.get(kept.RESPONSE, ())),
                time_to_first_event_ms=_quantiles(buckets, kept.FIRST_EVENT),
                response_time_ms=_quantiles(buckets, kept.RESPONSE),
            )
            for group, buckets in zip(named, measured.values(), strict=True)
        )
        return tuple(sorted((row for row in found if row.requests), key=lambda r: -r.requests))

    async def quality(self, query: RequestQuery) -> tuple[Quality, ...]:
        """How each backend's attempts ended, the busiest backend first."""
        measured = await self._measured(query, sorted(cells.OF_ATTEMPTS), ("backend",))
        named = await self._named(list(measured))
        rows = map(_quality, named, measured.values())
        made = (row for row in rows if row.attempts)
        return tuple(sorted(made, key=lambda one: (-one.attempts, one.backend_id)))

    async def lengths(self, query: RequestQuery) -> tuple[Bucket, ...]:
        """How long the answers were, in tokens; empty buckets too."""
        measured = await self._measured(query, (kept.LENGTH,), ())
        buckets = measured.get(Group(), {}).get(kept.LENGTH, [])
        counts = {bucket: n for bucket, (n, _) in buckets}
        ends = [*(edge - 1 for edge in BUCKET_EDGES[1:]), None]
        return tuple(
            Bucket(least=least, most=most, requests=counts.get(place, 0))
            for place, (least, most) in enumerate(zip(BUCKET_EDGES, ends, strict=True))
        )

    async def active_users(self, query: RequestQuery) -> int:
        """How many users asked anything."""
        scope = await self._scope(query)
        found = cells.sums(scope, each_user=True, database=self._database.name)
        users = select(found.c.user_id).where(found.c.user_id != "", found.c.requests > 0)
        counted = select(func.count().label("n")).select_from(users.distinct().subquery())
        return int((await self._database.fetch(counted))[0]["n"])

    async def _scope(self, query: RequestQuery) -> Scope:
        if self._catch_up is not None:
            await self._catch_up()
        return await scope_of(self._database, query)

    async def _sums(self, scope: Scope, by: Sequence[GroupKey], most: int) -> list[Row]:
        found = cells.sums(scope, each_user="user" in by, database=self._database.name)
        groups = _groups(found, by)
        requests = func.sum(found.c.requests)
        wanted = select(
            *groups.values(),
            *(_sum(found.c[name]).label(name) for name in _COUNTS),
            func.coalesce(func.sum(found.c.cost_usd), 0.0).label("cost_usd"),
        )
        order = [groups["day"].desc()] if "day" in groups else []
        return await self._database.fetch(
            wanted.group_by(*groups.values())
            .having(requests > 0)
            .order_by(*order, requests.desc(), *groups.values())
            .limit(most)
        )

    async def _stretches(self, scope: Scope) -> list[Scope]:
        """`scope` in pieces of more and more days, the latest first: what is told apart by day
        and user is read no further back than it fills an answer."""
        days = split(scope.since, scope.until)
        if days.is_empty:
            return [scope]
        found = select(func.max(figures.c.day).label("last"))
        last = (await self._database.fetch(found.where(*cells.day_conditions(figures, days))))[0]
        if last["last"] is None:
            return [scope]
        made, high = [], scope.until
        low, width = (last["last"] + 1) * DAY_S, _FIRST_DAYS
        for _ in range(_MOST_STRETCHES):
            low, width = low - width * DAY_S, 2 * width
            if scope.since is not None and low <= scope.since:
                break
            made.append(msgspec.structs.replace(scope, since=float(low), until=high))
            high = float(low)
        return [*made, msgspec.structs.replace(scope, until=high)]

    async def _measured(
        self, query: RequestQuery, measures: Sequence[int], by: Sequence[GroupKey]
    ) -> Measured:
        scope = await self._scope(query)
        found = cells.counts(scope, measures, each_user="user" in by)
        groups = _groups(found, by)
        places = [*groups.values(), found.c.measure, found.c.bucket]
        wanted = select(*places, _sum(found.c.n).label("n"), func.sum(found.c.total).label("total"))
        rows = await self._database.fetch(
            wanted.group_by(*places).order_by(found.c.measure, found.c.bucket)
        )
        measured: Measured = {}
        for row in rows:
            buckets = measured.setdefault(_group(row), {}).setdefault(row["measure"], [])
            buckets.append((row["bucket"], (row["n"], row["total"])))
        return measured

    async def _named(self, groups: Sequence[Group]) -> list[Group]:
        """`groups` with the newest names of users and backends; else the id is the name."""
        users = {group.user_id for group in groups if group.user_id is not None}
        backends = {group.backend_id for group in groups if group.backend_id is not None}
        known = await self._newest_names(users | backends)
        return [
            msgspec.structs.replace(
                group,
                user_name=known.get(("user", group.user_id), group.user_id),
                backend_name=known.get(("backend", group.backend_id), group.backend_id),
            )
            for group in groups
        ]

    async def _newest_names(self, ids: Iterable[str]) -> dict[tuple[str, str | None], str]:
        wanted = sorted(ids)
        if not wanted:
            return {}
        every = names().subquery()
        rows = await self._database.fetch(
            select(every.c.kind, every.c.id, every.c.name)
            .where(every.c.id.in_(wanted))
            .order_by(every.c.last_day, every.c.name)
        )
        return {(row["kind"], row["id"]): row["name"] for row in rows}


def _groups(found: Subquery, by: Sequence[GroupKey]) -> dict[str, ColumnElement[Any]]:
    """The columns to tell apart by, under their names in a row."""
    return {_NAMES[key]: _column(found, key).label(_NAMES[key]) for key in dict.fromkeys(by)}


def _column(found: Subquery, key: GroupKey) -> ColumnElement[Any]:
    if key == "model":
        routed = found.c.routed_model
        return case((routed != "", routed), else_=found.c.request_model)
    return found.c[_NAMES[key]]


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as a whole number, which PostgreSQL would make a numeric."""
    return cast(func.coalesce(func.sum(column), cells.number(0)), BigInteger)


def _totals(row: Row, group: Group) -> Totals:
    return Totals(group=group, **{name: row[name] for name in SUMS})


def _group(row: Row) -> Group:
    found = {name: row[name] for name in _NAMES.values() if name in row}
    for name in ("user_id", "backend_id"):
        if name in found:
            found[name] = found[name] or None
    if "day" in found:
        found["day"] = (_EPOCH + datetime.timedelta(days=found["day"])).isoformat()
    return Group(**found)


def _quantiles(buckets: dict[int, list[tuple[int, Counted]]], measure: int) -> Quantiles:
    return quantiles([counted for _, counted in buckets.get(measure, ())])


def _quality(group: Group, buckets: dict[int, list[tuple[int, Counted]]]) -> Quality:
    outcomes = {
        kept.OUTCOMES[bucket // 2]: n for bucket, (n, _) in buckets.get(kept.ATTEMPT_ENDED, ()) if n
    }
    return Quality(
        backend_id=group.backend_id or "",
        backend_name=group.backend_name or "",
        attempts=sum(outcomes.values()),
        errors=sum(n for outcome, n in outcomes.items() if outcome in ERRORS),
        outcomes=outcomes,
        time_to_first_event_ms=_quantiles(buckets, kept.ATTEMPT_FIRST_EVENT),
        duration_ms=_quantiles(buckets, kept.ATTEMPT_DURATION),
    )
