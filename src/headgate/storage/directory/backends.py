"""The backends of the database; their keys are sealed before they come here."""

from typing import Any

from sqlalchemy import delete

from headgate.model.directory import BackendRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import backends, permissions
from headgate.storage.sql import Step

BACKENDS = Shape(backends, BackendRow)


class BackendStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_backends(self) -> tuple[BackendRow, ...]:
        """All, the oldest first."""
        return await self._list(BACKENDS, backends.c.created_at, backends.c.id)

    async def get_backend(self, backend_id: str) -> BackendRow | None:
        """One backend."""
        return await self._get(BACKENDS, backend_id)

    async def add_backend(self, backend: BackendRow) -> None:
        """Raises RowConflict where the name is taken."""
        await self._add(BACKENDS, backend, _taken(backend.name))

    async def change_backend(self, backend_id: str, **fields: Any) -> BackendRow | None:
        """Changes the given fields. Raises RowConflict where the name is taken."""
        return await self._change(BACKENDS, backend_id, fields, _taken(fields.get("name", "")))

    async def remove_backend(self, backend_id: str) -> bool:
        """Its permissions go too."""
        granted = delete(permissions).where(permissions.c.backend_id == backend_id)
        return await self._remove(backends, backend_id, Step(granted))


def _taken(name: str) -> dict[str, str]:
    return {"": f"a backend named {name!r} exists already"}
