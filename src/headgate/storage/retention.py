"""Deletes what is older than the operator wants to keep, a batch a transaction.

Rows of the log go by the configured time. The figures outlive them, for `FIGURES_S`: they are
small, and bills and trends look further back than the log. What is deleted here is never read.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Table, bindparam, delete, select, tuple_

from headgate.model.figures import DAY_S, MEASURES, day_of
from headgate.model.store_faults import StoreUnreachable
from headgate.storage.engine import Database
from headgate.storage.figure_tables import figures, known_names, log_horizon, series, tallies
from headgate.storage.sql import Row, Step, upsert
from headgate.storage.tables import attempts, exchanges

BATCH = 1_000
EVERY_S = 3600.0
FIGURES_S = 400.0 * DAY_S

_LOG = logging.getLogger(__name__)


async def keep_only(
    database: Database, retention_s: Callable[[], float], wall: Callable[[], float]
) -> None:
    """Deletes every hour, for ever, what is older than `retention_s`; 0 keeps everything."""
    while True:
        kept_s = retention_s()
        if kept_s:
            try:
                await delete_before(database, wall() - kept_s)
                await delete_figures_before(database, wall() - max(kept_s, FIGURES_S))
            except StoreUnreachable as error:
                _LOG.warning("old rows of the request log stay for another hour: %s", error)
        await asyncio.sleep(EVERY_S)


async def delete_before(database: Database, before: float, batch: int = BATCH) -> int:
    """Deletes exchanges (bodies go with them) and attempts from before the Unix time `before`.

    Readers see none of them from the first moment on. Returns how many exchanges went. Short
    transactions let the books be written in between. Raises StoreUnreachable; what went is gone
    then, the rest goes next time.
    """
    await _move_horizon(database, before)
    old = select(exchanges.c.id).where(exchanges.c.created_at < before).limit(batch)
    gone = await _repeat(database, Step(delete(exchanges).where(exchanges.c.id.in_(old))), batch)
    key = tuple_(attempts.c.exchange_id, attempts.c.attempt)
    made = select(attempts.c.exchange_id, attempts.c.attempt)
    old_attempts = made.where(attempts.c.at < before).limit(batch)
    await _repeat(database, Step(delete(attempts).where(key.in_(old_attempts))), batch)
    return gone


async def delete_figures_before(database: Database, before: float, batch: int = BATCH) -> None:
    """Deletes the figures of days that ended before the Unix time `before`, and what has had none
    since. Raises StoreUnreachable."""
    day = day_of(before)
    rows = await database.fetch(select(series.c.id).order_by(series.c.id))
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids), batch):
        some = ids[start : start + batch]
        await database.write([_old_figures(some, day), _old_tallies(some, day)])
    for table in (series, known_names):
        await database.write([Step(delete(table).where(table.c.last_day < day))])


async def _move_horizon(database: Database, before: float) -> None:
    there = await database.fetch(select(log_horizon.c.at))
    if not there or there[0]["at"] < before:
        row = {"id": 1, "at": before}
        await database.write([Step(upsert(database.name, log_horizon), (row,))])


def _old_figures(ids: Sequence[int], day: int) -> Step:
    """The days before `day` of each series: one by one, so that each is found by its key."""
    return Step(delete(figures).where(*_of_one(figures)), _keys(ids, day))


def _old_tallies(ids: Sequence[int], day: int) -> Step:
    of_one = (tallies.c.measure == bindparam("kind"), *_of_one(tallies))
    rows = tuple({**key, "kind": kind} for key in _keys(ids, day) for kind in MEASURES)
    return Step(delete(tallies).where(*of_one), rows)


def _of_one(table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c.series == bindparam("id"), table.c.day < bindparam("end")


def _keys(ids: Sequence[int], day: int) -> tuple[Row, ...]:
    return tuple({"id": id_, "end": day} for id_ in ids)


async def _repeat(database: Database, step: Step, batch: int) -> int:
    total = 0
    while True:
        touched = await database.write([step])
        total += touched
        if touched < batch:
            return total
