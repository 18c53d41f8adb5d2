"""What an administrator keeps, in memory: the port that the admin API writes to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from headgate.model.directory import (
    AdministratorRow,
    AdminTokenRow,
    AuditRow,
    BackendRow,
    Directory,
    KeyRow,
    ModelRow,
    Permission,
    PolicyRow,
    RewriteRow,
    SessionRow,
    UserRow,
)
from headgate.model.store_faults import RowConflict, StoreUnreachable

Row = TypeVar("Row", bound=msgspec.Struct)
Note = dict[str, Any]


class Rows:
    """Everything that is kept; `broken` makes every call fail."""

    def __init__(self) -> None:
        self.users: dict[str, UserRow] = {}
        self.keys: dict[str, KeyRow] = {}
        self.backends: dict[str, BackendRow] = {}
        self.permissions: list[Permission] = []
        self.rewrites: dict[str, RewriteRow] = {}
        self.models: dict[str, ModelRow] = {}
        self.policies: dict[str, PolicyRow] = {}
        self.settings: dict[str, Any] = {}
        self.tokens: dict[str, AdminTokenRow] = {}
        self.administrators: dict[str, AdministratorRow] = {}
        self.sessions: dict[bytes, SessionRow] = {}
        self.audit: list[AuditRow] = []
        self.touches = 0
        self.reloads = 0
        self.broken = False


class FakeDirectory:
    """See `headgate.ports.DirectoryPort`."""

    def __init__(self, rows: Rows | None = None, note: Note | None = None) -> None:
        self._kept = rows or Rows()
        self._note = note

    @property
    def rows(self) -> Rows:
        """What is there."""
        if self._kept.broken:
            raise StoreUnreachable("the database /secret/path cannot be used")
        return self._kept

    def break_down(self) -> None:
        """From now on there is no database."""
        self._kept.broken = True

    def noting(
        self, *, at: float, actor: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> "FakeDirectory":
        note = {"at": at, "actor": actor, "action": action, "subject": subject, "detail": detail}
        return FakeDirectory(self._kept, note)

    async def version(self) -> int:
        return len(self.rows.audit)

    async def load(self) -> Directory:
        return Directory(users=await self.list_users(), keys=tuple(self.rows.keys.values()))

    async def ask_reload(self) -> None:
        self.rows.reloads += 1

    async def note_uses(self, used: Mapping[str, float]) -> None:
        raise AssertionError("the data plane does that")

    async def list_users(self) -> tuple[UserRow, ...]:
        return tuple(self.rows.users.values())

    async def get_user(self, user_id: str) -> UserRow | None:
        return self.rows.users.get(user_id)

    async def add_user(self, user: UserRow, key: KeyRow) -> None:
        self._refuse_taken(self.rows.users, user, "a user", lambda row: row.name)
        self._refuse_key(key)
        self.rows.users[user.id] = user
        self.rows.keys[key.id] = key
        self._noted()

    async def change_user(self, user_id: str, **fields: Any) -> UserRow | None:
        return self._change(self.rows.users, user_id, fields, "a user", lambda row: row.name)

    async def remove_user(self, user_id: str) -> bool:
        kept = [row for row in self.rows.permissions if row.user_id != user_id]
        self.rows.permissions[:] = kept
        return self._remove(self.rows.users, user_id)

    async def list_keys(self, user_id: str) -> tuple[KeyRow, ...]:
        return tuple(key for key in self.rows.keys.values() if key.user_id == user_id)

    async def add_key(self, key: KeyRow) -> None:
        self._refuse_key(key)
        self.rows.keys[key.id] = key
        self._noted()

    async def change_key(self, key_id: str, **fields: Any) -> KeyRow | None:
        if key_id not in self.rows.keys:
            return None
        self.rows.keys[key_id] = msgspec.structs.replace(self.rows.keys[key_id], **fields)
        self._noted()
        return self.rows.keys[key_id]

    async def revoke_key(self, key_id: str, at: float) -> bool:
        key = self.rows.keys.get(key_id)
        if key is None or key.revoked_at is not None:
            return False
        self.rows.keys[key_id] = msgspec.structs.replace(key, revoked_at=at)
        self._noted()
        return True

    async def replace_keys(self, user_id: str, key: KeyRow, overlap_until: float | None) -> bool:
        if user_id not in self.rows.users:
            return False
        ended: Mapping[str, float] = (
            {"revoked_at": key.created_at}
            if overlap_until is None
            else {"expires_at": overlap_until}
        )
        for other in await self.list_keys(user_id):
            self.rows.keys[other.id] = msgspec.structs.replace(other, **ended)
        self.rows.keys[key.id] = key
        self._noted()
        return True

    async def list_backends(self) -> tuple[BackendRow, ...]:
        return tuple(self.rows.backends.values())

    async def get_backend(self, backend_id: str) -> BackendRow | None:
        return self.rows.backends.get(backend_id)

    async def add_backend(self, backend: BackendRow) -> None:
        self._add(self.rows.backends, backend.id, backend, "a backend", lambda row: row.name)

    async def change_backend(self, backend_id: str, **fields: Any) -> BackendRow | None:
        rows = self.rows.backends
        return self._change(rows, backend_id, fields, "a backend", lambda row: row.name)

    async def remove_backend(self, backend_id: str) -> bool:
        kept = [row for row in self.rows.permissions if row.backend_id != backend_id]
        self.rows.permissions[:] = kept
        return self._remove(self.rows.backends, backend_id)

    async def list_permissions(self) -> tuple[Permission, ...]:
        return tuple(self.rows.permissions)

    async def add_permission(self, permission: Permission) -> None:
        if permission in self.rows.permissions:
            raise RowConflict("the user has this permission already")
        self.rows.permissions.append(permission)
        self._noted()

    async def remove_permission(self, user_id: str, backend_id: str) -> bool:
        one = Permission(user_id, backend_id)
        if one not in self.rows.permissions:
            return False
        self.rows.permissions.remove(one)
        self._noted()
        return True

    async def list_rewrites(self) -> tuple[RewriteRow, ...]:
        return tuple(self.rows.rewrites.values())

    async def get_rewrite(self, rewrite_id: str) -> RewriteRow | None:
        return self.rows.rewrites.get(rewrite_id)

    async def add_rewrite(self, rewrite: RewriteRow) -> None:
        rows = self.rows.rewrites
        self._add(rows, rewrite.id, rewrite, "a rewrite", lambda row: row.source_model)

    async def change_rewrite(self, rewrite_id: str, **fields: Any) -> RewriteRow | None:
        rows = self.rows.rewrites
        return self._change(rows, rewrite_id, fields, "a rewrite", lambda row: row.source_model)

    async def remove_rewrite(self, rewrite_id: str) -> bool:
        return self._remove(self.rows.rewrites, rewrite_id)

    async def list_models(self) -> tuple[ModelRow, ...]:
        return tuple(self.rows.models.values())

    async def get_model(self, model_id: str) -> ModelRow | None:
        return self.rows.models.get(model_id)

    async def add_model(self, model: ModelRow) -> None:
        self._add(self.rows.models, model.id, model, "a model", lambda row: row.name)

    async def change_model(self, model_id: str, **fields: Any) -> ModelRow | None:
        return self._change(self.rows.models, model_id, fields, "a model", lambda row: row.name)

    async def remove_model(self, model_id: str) -> bool:
        return self._remove(self.rows.models, model_id)

    async def list_policies(self) -> tuple[PolicyRow, ...]:
        return tuple(sorted(self.rows.policies.values(), key=lambda row: (row.position, row.id)))

    async def get_policy(self, policy_id: str) -> PolicyRow | None:
        return self.rows.policies.get(policy_id)

    async def add_policy(self, policy: PolicyRow) -> None:
        self._add(self.rows.policies, policy.id, policy, "a policy", lambda row: row.id)

    async def change_policy(self, policy_id: str, **fields: Any) -> PolicyRow | None:
        return self._change(self.rows.policies, policy_id, fields, "a policy", lambda row: row.id)

    async def remove_policy(self, policy_id: str) -> bool:
        return self._remove(self.rows.policies, policy_id)

    async def reorder_policies(self, policy_ids: Sequence[str]) -> bool:
        if sorted(policy_ids) != sorted(self.rows.policies):
            return False
        for position, policy_id in enumerate(policy_ids):
            row = self.rows.policies[policy_id]
            self.rows.policies[policy_id] = msgspec.structs.replace(row, position=position)
        self._noted()
        return True

    async def get_settings(self) -> Mapping[str, Any]:
        return dict(self.rows.settings)

    async def put_settings(self, **settings: Any) -> None:
        merged = {**self.rows.settings, **settings}
        self.rows.settings = {name: value for name, value in merged.items() if value is not None}
        self._noted()

    async def list_tokens(self) -> tuple[AdminTokenRow, ...]:
        return tuple(self.rows.tokens.values())

    async def add_token(self, token: AdminTokenRow) -> None:
        self.rows.tokens[token.id] = token
        self._noted()

    async def remove_token(self, token_id: str) -> bool:
        return self._remove(self.rows.tokens, token_id)

    async def find_token(self, digest: bytes) -> AdminTokenRow | None:
        return next((row for row in self.rows.tokens.values() if row.digest == digest), None)

    async def list_administrators(self) -> tuple[AdministratorRow, ...]:
        return tuple(self.rows.administrators.values())

    async def get_administrator(self, administrator_id: str) -> AdministratorRow | None:
        return self.rows.administrators.get(administrator_id)

    async def find_administrator(self, name: str) -> AdministratorRow | None:
        rows = self.rows.administrators.values()
        return next((row for row in rows if row.name == name), None)

    async def add_administrator(self, administrator: AdministratorRow) -> None:
        rows = self.rows.administrators
        self._add(rows, administrator.id, administrator, "an administrator", lambda row: row.name)

    async def change_administrator(
        self, administrator_id: str, *, ends_sessions: bool, **fields: Any
    ) -> AdministratorRow | None:
        rows = self.rows.administrators
        if ends_sessions and administrator_id in rows:
            fields["generation"] = rows[administrator_id].generation + 1
        name_of = lambda row: row.name  # noqa: E731
        return self._change(rows, administrator_id, fields, "an administrator", name_of)

    async def replace_password(self, before: AdministratorRow, password_hash: str) -> bool:
        return self._put_hash(before, password_hash, before.generation + 1)

    async def rehash_password(self, before: AdministratorRow, password_hash: str) -> bool:
        return self._put_hash(before, password_hash, before.generation)

    async def remove_administrator(self, administrator_id: str) -> bool:
        return self._remove(self.rows.administrators, administrator_id)

    def _put_hash(self, before: AdministratorRow, password_hash: str, generation: int) -> bool:
        rows = self.rows.administrators
        if rows[before.id].password_hash != before.password_hash:
            return False
        rows[before.id] = msgspec.structs.replace(
            rows[before.id], password_hash=password_hash, generation=generation
        )
        self._noted()
        return True

    async def add_session(self, digest: bytes, data: Mapping[str, Any], expires: float) -> None:
        self.rows.sessions[digest] = SessionRow(digest=digest, data=data, expires_at=expires)

    async def get_session(self, digest: bytes) -> SessionRow | None:
        return self.rows.sessions.get(digest)

    async def touch_session(self, digest: bytes, expires: float) -> bool:
        self.rows.touches += 1
        row = self.rows.sessions[digest]
        self.rows.sessions[digest] = msgspec.structs.replace(row, expires_at=expires)
        return True

    async def remove_session(self, digest: bytes) -> bool:
        return self.rows.sessions.pop(digest, None) is not None

    async def remove_expired_sessions(self, now: float) -> int:
        over = [row.digest for row in self.rows.sessions.values() if row.expires_at <= now]
        for digest in over:
            del self.rows.sessions[digest]
        return len(over)

    async def append_audit(self, **note: Any) -> None:
        self.rows.audit.append(AuditRow(id=len(self.rows.audit) + 1, chain=b"\x01", **note))

    async def list_audit(self, limit: int, offset: int) -> tuple[AuditRow, ...]:
        return tuple(self.rows.audit[::-1][offset : offset + limit])

    async def reseal_audit(self, *, at: float, actor: str) -> None:
        await self.append_audit(at=at, actor=actor, action="audit.seal", subject="audit", detail={})

    async def verify_audit(self) -> bool:
        return all(row.chain == b"\x01" for row in self.rows.audit)

    def _refuse_key(self, key: KeyRow) -> None:
        if any(other.digest == key.digest for other in self.rows.keys.values()):
            raise RowConflict("this key is in use already")

    def _refuse_taken(
        self, rows: Mapping[str, Row], row: Row, what: str, name_of: Callable[[Any], str]
    ) -> None:
        name = name_of(row)
        others = [other for id_, other in rows.items() if id_ != getattr(row, "id", None)]
        if any(name_of(other) == name for other in others):
            raise RowConflict(f"{what} named {name!r} exists already")

    def _add(
        self,
        rows: dict[str, Row],
        row_id: str,
        row: Row,
        what: str,
        name_of: Callable[[Any], str],
    ) -> None:
        self._refuse_taken(rows, row, what, name_of)
        rows[row_id] = row
        self._noted()

    def _change(
        self,
        rows: dict[str, Row],
        row_id: str,
        fields: Mapping[str, Any],
        what: str,
        name_of: Callable[[Any], str],
    ) -> Row | None:
        if row_id not in rows:
            return None
        row = msgspec.structs.replace(rows[row_id], **fields)
        self._refuse_taken(rows, row, what, name_of)
        rows[row_id] = row
        self._noted()
        return row

    def _remove(self, rows: dict[str, Any], row_id: str) -> bool:
        if rows.pop(row_id, None) is None:
            return False
        self._noted()
        return True

    def _noted(self) -> None:
        if self._note is not None:
            number = len(self.rows.audit) + 1
            self.rows.audit.append(AuditRow(id=number, chain=b"\x01", **self._note))
