"""Writes records of the books into the database, again and again to the same effect."""

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy import Table
from sqlalchemy.sql import ClauseElement

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.model.store_faults import RowRefused
from headgate.storage import tables
from headgate.storage.engine import Database
from headgate.storage.journal import Record
from headgate.storage.rows import attempt_values, body_values, exchange_values
from headgate.storage.sql import Row, Step, insert_absent, upsert

_TABLES = (tables.exchanges, tables.exchange_bodies, tables.attempts)

Statements = dict[Table, ClauseElement]


class BookWriter:
    """Stores settled and closed records; intents have no table.

    `refused` is told of a record that the database will never take; the others go in.
    """

    def __init__(self, database: Database, refused: Callable[[Record, RowRefused], None]) -> None:
        self._database = database
        self._refused = refused
        self._overwrite = {table: upsert(database.name, table) for table in _TABLES}
        self._complete = {table: insert_absent(database.name, table) for table in _TABLES}

    async def store(self, records: Sequence[Record]) -> None:
        """Writes the rows; a later one replaces an earlier one. Raises StoreUnreachable."""
        await self._write(records, self._overwrite)

    async def store_absent(self, records: Sequence[Record]) -> None:
        """Writes those rows that are not there yet. Raises StoreUnreachable."""
        await self._write(records, self._complete)

    async def _write(self, records: Sequence[Record], statements: Statements) -> None:
        # Some milliseconds for a full batch: not on the event loop.
        steps = await asyncio.to_thread(_steps, records, statements)
        if not steps:
            return
        try:
            await self._database.write(steps)
        except RowRefused as refusal:
            if len(records) == 1:
                self._refused(records[0], refusal)
                return
            half = len(records) // 2
            await self._write(records[:half], statements)
            await self._write(records[half:], statements)


def _steps(records: Sequence[Record], statements: Statements) -> list[Step]:
    closed = [record for record in records if isinstance(record, ExchangeRow)]
    settled = [record for record in records if isinstance(record, AttemptRow)]
    rows: dict[Table, tuple[Row, ...]] = {
        tables.exchanges: tuple(exchange_values(row) for row in closed),
        tables.exchange_bodies: tuple(b for row in closed if (b := body_values(row)) is not None),
        tables.attempts: tuple(attempt_values(row) for row in settled),
    }
    return [Step(statements[table], rows[table]) for table in _TABLES if rows[table]]
