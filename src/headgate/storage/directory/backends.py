"""The backends of the database; their keys are sealed before they come here."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update

from headgate.model.directory import BackendRow
from headgate.storage.directory.models import MODELS
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import backends, models, permissions
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
        """Changes the given fields; models whose targets are at the backend follow a new name.
        Raises RowConflict where the name is taken."""
        renamed = await self._retargeted(backend_id, fields.get("name"))
        taken = _taken(fields.get("name", ""))
        return await self._change(BACKENDS, backend_id, fields, taken, *renamed)

    async def remove_backend(self, backend_id: str) -> bool:
        """Its permissions go too."""
        granted = delete(permissions).where(permissions.c.backend_id == backend_id)
        return await self._remove(backends, backend_id, Step(granted))

    async def _retargeted(self, backend_id: str, name: str | None) -> list[Step]:
        """The changes of models that a new name of the backend brings with it."""
        before = None if name is None else await self.get_backend(backend_id)
        if before is None or name is None or before.name == name:
            return []
        rows = await self._list(MODELS, models.c.id)
        return [
            Step(update(models).where(models.c.id == row.id).values(**MODELS.changes(changed)))
            for row in rows
            if (changed := {"settings": _renamed(row.settings, before.name, name)})
            != {"settings": row.settings}
        ]


def _renamed(settings: Mapping[str, Any], before: str, name: str) -> dict[str, Any]:
    """A model's settings with its targets at `name` instead of `before`."""
    targets = [
        {**target, "backend": name} if target.get("backend") == before else target
        for target in settings.get("targets", ())
    ]
    return {**settings, "targets": targets} if targets else dict(settings)


def _taken(name: str) -> dict[str, str]:
    return {"": f"a backend named {name!r} exists already"}
