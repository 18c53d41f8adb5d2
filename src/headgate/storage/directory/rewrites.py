"""The rewrites of the database: one model name for another."""

from typing import Any

from headgate.model.directory import RewriteRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import rewrites

REWRITES = Shape(rewrites, RewriteRow)


class RewriteStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_rewrites(self) -> tuple[RewriteRow, ...]:
        """All, by source."""
        return await self._list(REWRITES, rewrites.c.source_model)

    async def get_rewrite(self, rewrite_id: str) -> RewriteRow | None:
        """One rewrite."""
        return await self._get(REWRITES, rewrite_id)

    async def add_rewrite(self, rewrite: RewriteRow) -> None:
        """Raises RowConflict where the source is taken."""
        await self._add(REWRITES, rewrite, _taken(rewrite.source_model))

    async def change_rewrite(self, rewrite_id: str, **fields: Any) -> RewriteRow | None:
        """Changes the given fields. Raises RowConflict where the source is taken."""
        taken = _taken(fields.get("source_model", ""))
        return await self._change(REWRITES, rewrite_id, fields, taken)

    async def remove_rewrite(self, rewrite_id: str) -> bool:
        """Takes one away."""
        return await self._remove(rewrites, rewrite_id)


def _taken(source: str) -> dict[str, str]:
    return {"": f"a rewrite of {source!r} exists already"}
