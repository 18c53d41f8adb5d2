"""The keys of the database's users: digests, never the keys."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select, update

from headgate.model.directory import KeyRow
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore, added
from headgate.storage.directory_tables import keys, users
from headgate.storage.sql import Step

KEYS = Shape(keys, KeyRow)
KEY_TAKEN = {"digest": "this key is in use already"}


class KeyStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_keys(self, user_id: str) -> tuple[KeyRow, ...]:
        """All of the user, the oldest first."""
        wanted = select(keys).where(keys.c.user_id == user_id)
        rows = await self._database.fetch(wanted.order_by(keys.c.created_at, keys.c.id))
        return tuple(map(KEYS.record, rows))

    async def add_key(self, key: KeyRow) -> None:
        """One more key. Raises RowConflict where it is taken or there is no such user."""
        await self._add(KEYS, key, _taken(key.user_id))

    async def change_key(self, key_id: str, **fields: Any) -> KeyRow | None:
        """Changes the given fields."""
        return await self._change(KEYS, key_id, fields, KEY_TAKEN)

    async def revoke_key(self, key_id: str, at: float) -> bool:
        """Ends a key; False where there is none that could be."""
        live = (keys.c.id == key_id, keys.c.revoked_at.is_(None))
        revoked = update(keys).where(*live).values(revoked_at=at)
        return await self._write([Step(revoked, must_touch=True)])

    async def replace_keys(self, user_id: str, key: KeyRow, overlap_until: float | None) -> bool:
        """Adds `key` and ends the user's others, at once or at `overlap_until`."""
        live = (keys.c.user_id == user_id, keys.c.revoked_at.is_(None))
        if overlap_until is None:
            ended = update(keys).where(*live).values(revoked_at=key.created_at)
        else:
            longer = or_(keys.c.expires_at.is_(None), keys.c.expires_at > overlap_until)
            ended = update(keys).where(*live, longer).values(expires_at=overlap_until)
        hinted = update(users).where(users.c.id == user_id).values(key_hint=key.hint)
        steps = [Step(hinted, must_touch=True), Step(ended), added(KEYS, key)]
        return await self._write(steps, _taken(user_id))

    async def note_uses(self, used: Mapping[str, float]) -> None:
        """Notes when keys, by their ids, were last used. The data plane does not look at it."""
        steps = [
            Step(update(keys).where(keys.c.id == key_id).values(last_used_at=at))
            for key_id, at in used.items()
        ]
        await self._write(steps, seen=False)


def _taken(user_id: str) -> dict[str, str]:
    return {
        **KEY_TAKEN,
        "FOREIGN KEY": f"there is no user {user_id!r} in the database",
        "foreign key": f"there is no user {user_id!r} in the database",
        "": "a key with this id exists already",
    }
