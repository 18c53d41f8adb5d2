"""Which user may use which backend."""

from sqlalchemy import delete

from headgate.model.directory import Permission
from headgate.storage.directory.shape import Shape
from headgate.storage.directory.table_store import TableStore
from headgate.storage.directory_tables import permissions
from headgate.storage.sql import Step

PERMISSIONS = Shape(permissions, Permission)


class PermissionStore(TableStore):
    """See `headgate.ports.DirectoryPort`."""

    async def list_permissions(self) -> tuple[Permission, ...]:
        """All, by user and backend."""
        return await self._list(PERMISSIONS, permissions.c.user_id, permissions.c.backend_id)

    async def add_permission(self, permission: Permission) -> None:
        """Raises RowConflict where it is there already."""
        taken = {"": "the user has this permission already"}
        await self._add(PERMISSIONS, permission, taken)

    async def remove_permission(self, user_id: str, backend_id: str) -> bool:
        """Takes one away."""
        one = (permissions.c.user_id == user_id, permissions.c.backend_id == backend_id)
        return await self._write([Step(delete(permissions).where(*one), must_touch=True)])
