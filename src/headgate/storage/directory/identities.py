"""Who administers: API tokens and sessions, kept as digests."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update

from headgate.model.directory import AdminTokenRow, SessionRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import admin_sessions, admin_tokens
from headgate.storage.sql import Step

TOKENS = Shape(admin_tokens, AdminTokenRow)
SESSIONS = Shape(admin_sessions, SessionRow)


class IdentityStore(TableStore):
    """See `headgate.ports.DirectoryPort`. The data plane sees nothing of it."""

    async def list_tokens(self) -> tuple[AdminTokenRow, ...]:
        """All, the oldest first."""
        return await self._list(TOKENS, admin_tokens.c.created_at, admin_tokens.c.id)

    async def add_token(self, token: AdminTokenRow) -> None:
        """Raises RowConflict where it is there already."""
        await self._add(TOKENS, token, {"": "this token exists already"}, seen=False)

    async def remove_token(self, token_id: str) -> bool:
        """Takes one away."""
        removed = delete(admin_tokens).where(admin_tokens.c.id == token_id)
        return await self._write([Step(removed, must_touch=True)], seen=False)

    async def find_token(self, digest: bytes) -> AdminTokenRow | None:
        """The token with that digest, also one that has expired."""
        return await self._find(TOKENS, admin_tokens.c.digest == digest)

    async def add_session(self, digest: bytes, data: Mapping[str, Any], expires: float) -> None:
        """Raises RowConflict where it is there already."""
        session = SessionRow(digest=digest, data=data, expires_at=expires)
        await self._add(SESSIONS, session, {"": "this session exists already"}, seen=False)

    async def get_session(self, digest: bytes) -> SessionRow | None:
        """The session with that digest, also one that has expired."""
        return await self._find(SESSIONS, admin_sessions.c.digest == digest)

    async def touch_session(self, digest: bytes, expires: float) -> bool:
        """Moves the time at which it expires."""
        touched = update(admin_sessions).where(admin_sessions.c.digest == digest)
        step = Step(touched.values(expires_at=expires), must_touch=True)
        return await self._write([step], seen=False)

    async def remove_session(self, digest: bytes) -> bool:
        """Ends one."""
        removed = delete(admin_sessions).where(admin_sessions.c.digest == digest)
        return await self._write([Step(removed, must_touch=True)], seen=False)

    async def remove_expired_sessions(self, now: float) -> int:
        """Ends those that have expired; says how many."""
        return await self._database.write(
            [Step(delete(admin_sessions).where(admin_sessions.c.expires_at <= now))]
        )
