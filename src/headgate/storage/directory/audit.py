"""The audit log: appended to, read, verified, never changed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from headgate.model.directory import AuditRow
from headgate.storage.directory.chain import Link, Note, follows
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import audit

AUDIT = Shape(audit, AuditRow)

_BATCH = 1_000


class AuditStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def append_audit(
        self, *, at: float, actor: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> None:
        """Notes what is no write of the directory."""
        note = Note(at=at, actor=actor, action=action, subject=subject, detail=detail)
        await TableStore(self._database, note)._write([], seen=False)

    async def list_audit(self, limit: int, offset: int) -> tuple[AuditRow, ...]:
        """Newest first."""
        newest = select(audit).order_by(audit.c.id.desc()).limit(limit).offset(offset)
        return tuple(map(AUDIT.record, await self._database.fetch(newest)))

    async def verify_audit(self) -> bool:
        """Whether every row follows from the one before it. Rows cut off at the end leave no
        trace in the chain."""
        last = Link()
        while True:
            after = select(audit).where(audit.c.id > last.id).order_by(audit.c.id).limit(_BATCH)
            rows = await self._database.fetch(after)
            for row in rows:
                if not follows(last, row):
                    return False
                last = Link(row["id"], row["chain"])
            if len(rows) < _BATCH:
                return True
