"""Administrators who sign in with a password."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.sql.dml import Update

from headgate.model.directory import AdministratorRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import administrators
from headgate.storage.sql import Step

ADMINISTRATORS = Shape(administrators, AdministratorRow)
_TAKEN = {
    "name": "an administrator with this name exists already",
    "": "this administrator exists already",
}
_NEXT = administrators.c.generation + 1


class AdministratorStore(TableStore):
    """See `headgate.ports.DirectoryPort`. The data plane sees nothing of it."""

    async def list_administrators(self) -> tuple[AdministratorRow, ...]:
        """All, the oldest first."""
        return await self._list(ADMINISTRATORS, administrators.c.created_at, administrators.c.id)

    async def get_administrator(self, administrator_id: str) -> AdministratorRow | None:
        """One, also one that is not active."""
        return await self._get(ADMINISTRATORS, administrator_id)

    async def find_administrator(self, name: str) -> AdministratorRow | None:
        """The one with that name, also one that is not active."""
        return await self._find(ADMINISTRATORS, administrators.c.name == name)

    async def add_administrator(self, administrator: AdministratorRow) -> None:
        """Raises RowConflict where the name is taken."""
        await self._add(ADMINISTRATORS, administrator, _TAKEN, seen=False)

    async def change_administrator(
        self, administrator_id: str, *, ends_sessions: bool, **fields: Any
    ) -> AdministratorRow | None:
        """Raises RowConflict where the name is taken."""
        changes = dict(ADMINISTRATORS.changes(fields))
        if ends_sessions:
            changes["generation"] = _NEXT
        if changes and not await self._touch(_of(administrator_id).values(**changes)):
            return None
        return await self.get_administrator(administrator_id)

    async def replace_password(self, before: AdministratorRow, password_hash: str) -> bool:
        """Another password, which ends the sessions."""
        return await self._put_hash(before, {"password_hash": password_hash, "generation": _NEXT})

    async def rehash_password(self, before: AdministratorRow, password_hash: str) -> bool:
        """The same password, hashed anew."""
        return await self._put_hash(before, {"password_hash": password_hash})

    async def remove_administrator(self, administrator_id: str) -> bool:
        """Takes one away; the sessions are worth nothing then."""
        removed = delete(administrators).where(administrators.c.id == administrator_id)
        return await self._write([Step(removed, must_touch=True)], seen=False)

    async def _put_hash(self, before: AdministratorRow, values: Mapping[str, Any]) -> bool:
        still = administrators.c.password_hash == before.password_hash
        return await self._touch(_of(before.id).where(still).values(**values))

    async def _touch(self, changed: Update) -> bool:
        return await self._write([Step(changed, must_touch=True)], _TAKEN, seen=False)


def _of(administrator_id: str) -> Update:
    return update(administrators).where(administrators.c.id == administrator_id)
