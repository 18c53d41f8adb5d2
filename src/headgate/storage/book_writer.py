"""Writes records of the books and the figures that they make, again and again to the same effect.

Nearly every record is new: it is inserted, and what it adds to the figures in the same
transaction. Where one is there already, what was counted for it is taken back.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Table, insert, select
from sqlalchemy.sql import ClauseElement

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.model.store_faults import RowConflict, RowRefused
from headgate.storage import rows, tables
from headgate.storage.engine import Database
from headgate.storage.figure_steps import FigureSteps
from headgate.storage.figuring import change_of
from headgate.storage.journal import Record
from headgate.storage.sql import Row, Step, Values, storable_rows, upsert

_TABLES = (tables.exchanges, tables.exchange_bodies, tables.attempts)

Statements = Mapping[Table, ClauseElement]
Key = tuple[str, int]
Kept = ExchangeRow | AttemptRow


class BookWriter:
    """Stores settled and closed records; intents have no table.

    `refused` is told of a record that the database will never take; the others go in.
    """

    def __init__(self, database: Database, refused: Callable[[Record, RowRefused], None]) -> None:
        self._database = database
        self._refused = refused
        self._insert = {table: insert(table) for table in _TABLES}
        self._overwrite = {table: upsert(database.name, table) for table in _TABLES}
        self._figures = FigureSteps(database.name)

    async def store(self, records: Sequence[Record]) -> None:
        """Writes the rows; a later one replaces an earlier one. Raises StoreUnreachable."""
        last = {_key(record): record for record in _kept(records)}
        await self._write(tuple(last.values()), overwrite=True)

    async def store_absent(self, records: Sequence[Record]) -> None:
        """Writes those rows that are not there yet. Raises StoreUnreachable."""
        first = {_key(record): record for record in reversed(_kept(records))}
        await self._write(tuple(first.values()), overwrite=False)

    async def _write(self, records: Sequence[Kept], *, overwrite: bool) -> None:
        if not records:
            return
        try:
            await self._add(records, overwrite=overwrite)
        except RowRefused as refusal:
            if len(records) == 1:
                self._refused(records[0], refusal)
                return
            half = len(records) // 2
            await self._write(records[:half], overwrite=overwrite)
            await self._write(records[half:], overwrite=overwrite)

    async def _add(self, records: Sequence[Kept], *, overwrite: bool) -> None:
        try:
            # Some milliseconds for a full batch: not on the event loop.
            steps = await asyncio.to_thread(self._steps, self._insert, records, ())
            await self._database.write(steps)
        except RowConflict:
            there = await self._those_there(records)
            if not there:
                raise
            if not overwrite:
                records = [record for record in records if _key(record) not in there]
                there = {}
            taken = tuple(there.values())
            steps = await asyncio.to_thread(self._steps, self._overwrite, records, taken)
            await self._database.write(steps)

    async def _those_there(self, records: Sequence[Kept]) -> dict[Key, Kept]:
        """The rows that are there with the keys of `records`."""
        keys = {_key(record) for record in records}
        ids = sorted({id_ for id_, _ in keys})
        closed = select(tables.exchanges).where(tables.exchanges.c.id.in_(ids))
        made = select(tables.attempts).where(tables.attempts.c.exchange_id.in_(ids))
        there: list[Kept] = [
            *map(rows.exchange, await self._database.fetch(closed)),
            *map(rows.attempt, await self._database.fetch(made)),
        ]
        return {_key(record): record for record in there if _key(record) in keys}

    def _steps(
        self, statements: Statements, records: Sequence[Kept], taken: Sequence[Kept]
    ) -> list[Step]:
        values = _values(records)
        kept = [Step(statements[table], values[table]) for table in _TABLES if values[table]]
        return [*kept, *self._figures.of(change_of(records, taken))]


def _kept(records: Sequence[Record]) -> list[Kept]:
    return [record for record in records if isinstance(record, ExchangeRow | AttemptRow)]


def _key(record: Kept) -> Key:
    """What tells records apart; an exchange has no attempt 0."""
    if isinstance(record, ExchangeRow):
        return record.id, 0
    return record.exchange_id, record.attempt


def _values(records: Sequence[Kept]) -> dict[Table, Sequence[Row | Values]]:
    closed = [record for record in records if isinstance(record, ExchangeRow)]
    settled = [record for record in records if isinstance(record, AttemptRow)]
    bodies = map(rows.body_values, closed)
    return {
        tables.exchanges: storable_rows(rows.exchange_values(closed)),
        tables.exchange_bodies: [body for body in bodies if body is not None],
        tables.attempts: storable_rows(rows.attempt_values(settled)),
    }
