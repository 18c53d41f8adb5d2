"""The models of the database: names with their targets."""

from typing import Any

from headgate.model.directory import ModelRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import models

MODELS = Shape(models, ModelRow)


class ModelStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_models(self) -> tuple[ModelRow, ...]:
        """All, by name."""
        return await self._list(MODELS, models.c.name)

    async def get_model(self, model_id: str) -> ModelRow | None:
        """One model."""
        return await self._get(MODELS, model_id)

    async def add_model(self, model: ModelRow) -> None:
        """Raises RowConflict where the name is taken."""
        await self._add(MODELS, model, _taken(model.name))

    async def change_model(self, model_id: str, **fields: Any) -> ModelRow | None:
        """Changes the given fields. Raises RowConflict where the name is taken."""
        return await self._change(MODELS, model_id, fields, _taken(fields.get("name", "")))

    async def remove_model(self, model_id: str) -> bool:
        """Takes one away."""
        return await self._remove(models, model_id)


def _taken(name: str) -> dict[str, str]:
    return {"": f"a model named {name!r} exists already"}
