"""The settings that an administrator changes while the gateway runs."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import delete, select

from headgate.storage.directory.shape import json_text
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import settings
from headgate.storage.sql import Step, upsert


class SettingStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def get_settings(self) -> Mapping[str, Any]:
        """All by name."""
        rows = await self._database.fetch(select(settings).order_by(settings.c.name))
        return {row["name"]: msgspec.json.decode(row["value"]) for row in rows}

    async def put_settings(self, **values: Any) -> None:
        """Sets those given; None takes one away."""
        gone = [name for name, value in values.items() if value is None]
        kept = tuple(
            {"name": name, "value": json_text(value)}
            for name, value in values.items()
            if value is not None
        )
        steps = [Step(delete(settings).where(settings.c.name.in_(gone)))] if gone else []
        if kept:
            steps.append(Step(upsert(self._database.name, settings), kept))
        await self._write(steps)
