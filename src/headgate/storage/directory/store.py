"""The whole directory as one store: see `headgate.ports.DirectoryPort`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from headgate.model.directory import Directory
from headgate.storage.directory.administrators import AdministratorStore
from headgate.storage.directory.audit import AuditStore
from headgate.storage.directory.backends import BackendStore
from headgate.storage.directory.chain import Note
from headgate.storage.directory.identities import IdentityStore
from headgate.storage.directory.keys import KEYS, KeyStore
from headgate.storage.directory.models import ModelStore
from headgate.storage.directory.permissions import PermissionStore
from headgate.storage.directory.policies import PolicyStore
from headgate.storage.directory.rewrites import RewriteStore
from headgate.storage.directory.settings import SettingStore
from headgate.storage.directory.users import UserStore
from headgate.storage.directory_tables import directory_version, keys
from headgate.storage.sql import Step

_MOST_READINGS = 5


class DirectoryStore(
    UserStore,
    KeyStore,
    BackendStore,
    PermissionStore,
    RewriteStore,
    ModelStore,
    PolicyStore,
    SettingStore,
    IdentityStore,
    AdministratorStore,
    AuditStore,
):
    """What an administrator keeps in one database."""

    def noting(
        self, *, at: float, actor: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> "DirectoryStore":
        """The same store, whose write is noted in the audit log."""
        note = Note(at=at, actor=actor, action=action, subject=subject, detail=detail)
        return DirectoryStore(self._database, note, self._seal)

    async def version(self) -> int:
        """Moves on with every write that the data plane may see."""
        rows = await self._database.fetch(select(directory_version.c.version))
        return int(rows[0]["version"])

    async def load(self) -> Directory:
        """Everything that the data plane needs. Read again where it was written to meanwhile."""
        directory = await self._read()
        for _ in range(_MOST_READINGS):
            if await self.version() == directory.version:
                break
            directory = await self._read()
        return directory

    async def ask_reload(self) -> None:
        """Moves the count of reloads on, and so the version."""
        counted = update(directory_version).values(reloads=directory_version.c.reloads + 1)
        await self._write([Step(counted)])

    async def _read(self) -> Directory:
        state = (await self._database.fetch(select(directory_version)))[0]
        return Directory(
            version=state["version"],
            reloads=state["reloads"],
            users=await self.list_users(),
            keys=await self._list(KEYS, keys.c.created_at, keys.c.id),
            backends=await self.list_backends(),
            permissions=await self.list_permissions(),
            rewrites=await self.list_rewrites(),
            models=await self.list_models(),
            policies=await self.list_policies(),
            settings=await self.get_settings(),
        )
