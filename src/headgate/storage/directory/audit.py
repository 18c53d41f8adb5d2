"""The audit log: appended to, read, verified, never changed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from headgate.model.directory import AuditRow
from headgate.storage.directory.audit_end import first_seal, read_tail, sealed_anew
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
        await TableStore(self._database, note, self._seal)._write([], seen=False)

    async def list_audit(self, limit: int, offset: int) -> tuple[AuditRow, ...]:
        """Newest first."""
        newest = select(audit).order_by(audit.c.id.desc()).limit(limit).offset(offset)
        return tuple(map(AUDIT.record, await self._database.fetch(newest)))

    async def verify_audit(self) -> bool:
        """Whether every row follows from the one before it, up to the last one, and that is the
        last one that was written: see `audit_end`."""
        tail = await read_tail(self._database)
        if self._seal is not None and not tail.holds(self._seal):
            return False
        return await self._chain_to(tail.last)

    async def seal_audit(self) -> None:
        """Seals the end of a log that is still empty, and one sealed with an older key anew."""
        if self._seal is None:
            return
        step = first_seal(self._database.name, await read_tail(self._database), self._seal)
        if step is not None:
            await self._database.write([step])

    async def reseal_audit(self, *, at: float, actor: str) -> None:
        """Seals the end as it is now, and notes who said so: after a secret key was lost."""
        if self._seal is None:
            return
        note = Note(at=at, actor=actor, action="audit.seal", subject="audit", detail={})
        tail = await read_tail(self._database)
        steps = sealed_anew(self._database.name, tail, note, self._seal)
        await self._database.write(steps)

    async def _chain_to(self, end: Link) -> bool:
        last = Link()
        while last.id < end.id:
            after = select(audit).where(audit.c.id > last.id, audit.c.id <= end.id)
            rows = await self._database.fetch(after.order_by(audit.c.id).limit(_BATCH))
            for row in rows:
                if not follows(last, row):
                    return False
                last = Link(row["id"], row["chain"])
            if not rows:
                return False
        return last == end
