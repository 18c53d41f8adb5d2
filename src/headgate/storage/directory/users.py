"""The users of the database."""

from typing import Any

from sqlalchemy import delete

from headgate.model.directory import KeyRow, UserRow
from headgate.storage.directory.keys import KEY_TAKEN, KEYS
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore, added
from headgate.storage.directory_tables import permissions, users
from headgate.storage.sql import Step

USERS = Shape(users, UserRow)


class UserStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_users(self) -> tuple[UserRow, ...]:
        """All, the oldest first."""
        return await self._list(USERS, users.c.created_at, users.c.id)

    async def get_user(self, user_id: str) -> UserRow | None:
        """One user."""
        return await self._get(USERS, user_id)

    async def add_user(self, user: UserRow, key: KeyRow) -> None:
        """A user with a first key. Raises RowConflict where the name or the key is taken."""
        taken = {**KEY_TAKEN, "": _taken(user.name)}
        await self._write([added(USERS, user), added(KEYS, key)], taken)

    async def change_user(self, user_id: str, **fields: Any) -> UserRow | None:
        """Changes the given fields. Raises RowConflict where the name is taken."""
        taken = {"": _taken(fields.get("name", ""))}
        return await self._change(USERS, user_id, fields, taken)

    async def remove_user(self, user_id: str) -> bool:
        """Keys go by the foreign key, permissions here."""
        granted = delete(permissions).where(permissions.c.user_id == user_id)
        return await self._remove(users, user_id, Step(granted))


def _taken(name: str) -> str:
    return f"a user named {name!r} exists already"
