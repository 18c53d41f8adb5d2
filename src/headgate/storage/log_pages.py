"""Counts and finds the exchanges of a page without walking over those before it.

The figures say how many fit on each day: their sum is the total, and they lead to the day on
which the page begins. Only there rows are stepped over, in an index.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, and_, func, or_, select, union

from headgate.model import figures as kept
from headgate.model.figures import DAY_S
from headgate.storage import cells
from headgate.storage.days import split
from headgate.storage.engine import Database
from headgate.storage.figure_tables import series, tallies
from headgate.storage.log_search import Search
from headgate.storage.scope import Condition, Scope, between, found_by_model, in_log, of_model
from headgate.storage.tables import exchanges

FREQUENT = 2_000
"""So many finds in a stretch are found by looking at its rows, fewer by an index each."""


class Stretch(msgspec.Struct, frozen=True):
    """A time, and how many exchanges fit in it."""

    low: float | None
    high: float | None
    n: int


class Place(msgspec.Struct, frozen=True):
    """Where a page is: in which time, after how many of the newest there. ``n`` fit there."""

    low: float | None
    high: float | None
    offset: int
    n: int


async def stretches(database: Database, scope: Scope, search: Search | None) -> list[Stretch]:
    """How many exchanges fit, the newest time first. Raises StoreUnreachable."""
    if scope.session is not None:
        whole = (scope.since, scope.until)
        one = Stretch(*whole, await _count(database, scope, search, whole))
        return _with_hits([one], search, scope)
    days = split(scope.since, scope.until)
    counted = [
        Stretch(low, high, await _count(database, scope, search, (low, high)))
        for low, high in days.pieces
    ]
    if not days.is_empty:
        found = await database.fetch(_by_day(scope, search))
        counted += [
            Stretch(float(row["day"] * DAY_S), float((row["day"] + 1) * DAY_S), int(row["n"]))
            for row in found
        ]
    counted.sort(key=lambda stretch: -(stretch.low or 0.0))
    return _with_hits(counted, search, scope)


def place(counted: Sequence[Stretch], offset: int, limit: int) -> Place | None:
    """Where the page with that offset is; None where it is after the last."""
    before = n = 0
    high: float | None = None
    low: float | None = None
    for stretch in counted:
        if n == 0 and before + stretch.n <= offset:
            before += stretch.n
            continue
        if n == 0:
            high = stretch.high
        low, n = stretch.low, n + stretch.n
        if before + n >= offset + limit:
            break
    return Place(low, high, offset - before, n) if n else None


def ids(scope: Scope, search: Search | None, at: Place, limit: int) -> Select[Any]:
    """The ids of the page, the newest first."""
    row = exchanges.c
    wanted = [*in_log(scope), *between(row.created_at, at.low, at.high)]
    plain = select(row.id, row.created_at)
    if search is None and scope.model is None:
        return _paged(plain.where(*wanted), row, at, limit)
    branches = _branches(scope, search, at)
    if at.n >= FREQUENT and search is not None:
        return _paged(plain.where(*wanted, or_(*branches)), row, at, limit)
    every = union(*(plain.where(*wanted, branch) for branch in branches)).subquery()
    return _paged(select(every.c.id, every.c.created_at), every.c, at, limit)


def _paged(wanted: Select[Any], columns: Any, at: Place, limit: int) -> Select[Any]:
    newest_first = (columns.created_at.desc(), columns.id.desc())
    return wanted.order_by(*newest_first).limit(limit).offset(at.offset)


def _branches(scope: Scope, search: Search | None, at: Place) -> list[Condition]:
    """What rows are found by, each with an index of its own."""
    if search is None:
        return found_by_model(scope.model or "")
    hits = [hit.id for hit in search.hits if _lies_in(hit.at, at.low, at.high)]
    found = [*search.branches(), *([exchanges.c.id.in_(hits)] if hits else [])]
    return [and_(branch, *of_model(scope)) for branch in found]


def _lies_in(moment: float, low: float | None, high: float | None) -> bool:
    return (low is None or moment >= low) and (high is None or moment < high)


def _by_day(scope: Scope, search: Search | None) -> Select[Any]:
    """How many exchanges fit on each of the whole days."""
    n = func.sum(tallies.c.n)
    by_user = search is not None and search.by_user
    meant = cells.series_conditions(scope, each_user=by_user)
    wanted = (
        select(tallies.c.day, n.label("n"))
        .where(tallies.c.measure == cells.number(kept.ENDED))
        .where(tallies.c.bucket.in_(cells.endings(scope)))
        .where(*cells.day_conditions(tallies, split(scope.since, scope.until)))
    )
    if search is not None and search.outcomes:
        found = or_(_of(search.in_series()), tallies.c.bucket.in_(search.endings()))
        wanted = wanted.where(_of(*meant), found)
    else:
        wanted = wanted.where(_of(*meant, *([search.in_series()] if search else [])))
    return wanted.group_by(tallies.c.day).having(n > 0)


def _of(*conditions: Condition) -> Condition:
    """The cells of such series."""
    return tallies.c.series.in_(select(series.c.id).where(*conditions))


async def _count(
    database: Database,
    scope: Scope,
    search: Search | None,
    time: tuple[float | None, float | None],
) -> int:
    """How many rows of the log of that time fit, its hits aside."""
    wanted = [*in_log(scope), *of_model(scope), *between(exchanges.c.created_at, *time)]
    if search is not None:
        wanted.append(or_(*search.branches()))
    found = select(func.count().label("n")).select_from(exchanges).where(*wanted)
    return int((await database.fetch(found))[0]["n"])


def _with_hits(counted: list[Stretch], search: Search | None, scope: Scope) -> list[Stretch]:
    """Counts hits where they are; a day that had none before is added."""
    for hit in search.hits if search else ():
        place = next(
            (i for i, s in enumerate(counted) if _lies_in(hit.at, s.low, s.high)), len(counted)
        )
        if place == len(counted):
            start = hit.at // DAY_S * DAY_S
            low, high = max(start, scope.since or start), start + DAY_S
            counted.append(Stretch(low, min(high, scope.until or high), 1))
        else:
            one = counted[place]
            counted[place] = msgspec.structs.replace(one, n=one.n + 1)
    counted.sort(key=lambda stretch: -(stretch.low or 0.0))
    return [stretch for stretch in counted if stretch.n]
