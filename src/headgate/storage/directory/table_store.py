"""What all stores of the directory do alike: list, get, add, change, remove.

A write is one transaction with the directory's version and the audit log.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Table, delete, insert, select, update

from headgate.model.store_faults import RowConflict, StoreUnreachable
from headgate.storage.directory.audit_end import EndSeal, appended, read_tail
from headgate.storage.directory.chain import Note
from headgate.storage.directory.shape import Shape
from headgate.storage.directory_tables import directory_version
from headgate.storage.engine import Database
from headgate.storage.sql import Step

T = TypeVar("T", bound=msgspec.Struct)

_MOST_TRIES = 50
"""Others may write to the audit log at the same moment; each try is a transaction."""
_ADVANCE = Step(update(directory_version).values(version=directory_version.c.version + 1))

Taken = Mapping[str, str]
"""What to say of a conflict, by a word that the database says of it; "" for all others."""


class TableStore:
    """Reads and writes tables; `note` goes to the audit log with every write, whose end `seal`
    seals."""

    def __init__(
        self, database: Database, note: Note | None = None, seal: EndSeal | None = None
    ) -> None:
        self._database = database
        self._note = note
        self._seal = seal

    async def _list(self, shape: Shape[T], *order: ColumnElement[Any]) -> tuple[T, ...]:
        rows = await self._database.fetch(select(shape.table).order_by(*order))
        return tuple(map(shape.record, rows))

    async def _find(self, shape: Shape[T], wanted: ColumnElement[bool]) -> T | None:
        rows = await self._database.fetch(select(shape.table).where(wanted))
        return shape.record(rows[0]) if rows else None

    async def _get(self, shape: Shape[T], row_id: str) -> T | None:
        return await self._find(shape, shape.table.c.id == row_id)

    async def _add(self, shape: Shape[T], record: T, taken: Taken, *, seen: bool = True) -> None:
        await self._write([added(shape, record)], taken, seen=seen)

    async def _change(
        self, shape: Shape[T], row_id: str, fields: Mapping[str, Any], taken: Taken, *also: Step
    ) -> T | None:
        changes = shape.changes(fields)
        if changes:
            changed = update(shape.table).where(shape.table.c.id == row_id).values(**changes)
            if not await self._write([Step(changed, must_touch=True), *also], taken):
                return None
        return await self._get(shape, row_id)

    async def _remove(self, table: Table, row_id: str, *also: Step) -> bool:
        removed = Step(delete(table).where(table.c.id == row_id), must_touch=True)
        return await self._write([removed, *also])

    async def _write(
        self, steps: Sequence[Step], taken: Taken | None = None, *, seen: bool = True
    ) -> bool:
        """One transaction; False where a step that must touch a row did not. `seen`: the data
        plane may see the change. Raises RowConflict in the words of `taken`."""
        first = [_ADVANCE] if seen else []
        for _ in range(_MOST_TRIES):
            tail = await read_tail(self._database) if self._note else None
            noted = appended(tail, self._note, self._seal) if tail and self._note else []
            try:
                return await self._database.write([*first, *steps, *noted]) > 0
            except RowConflict as conflict:
                if tail is None or (await read_tail(self._database)).last == tail.last:
                    raise RowConflict(_said(str(conflict), taken or {})) from conflict
        raise StoreUnreachable("too many write to the audit log at once")


def added(shape: Shape[T], record: T) -> Step:
    """The step that inserts `record`."""
    return Step(insert(shape.table), (shape.values(record),))


def _said(conflict: str, taken: Taken) -> str:
    return next((said for word, said in taken.items() if word in conflict), conflict)
