"""What an administrator keeps: users, keys, backends, permissions, rewrites, models, policies.

These are the rows of the database and the objects of the admin API; names are the contract's
(section 8). ``source`` says who defined a row: what the file defines is shown and never changed.
Times are Unix seconds. Secrets stand in none of them but sealed.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from headgate.model.limits import Limits

SourceName = Literal["file", "database"]
AdminRole = Literal["owner", "admin", "operator", "viewer", "billing"]


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user. The key itself is shown once, when it is made; ``key_hint`` is its last four."""

    id: str
    name: str
    email: str | None = None
    is_active: bool = True
    detail_logging: bool = False
    copy_reasoning_to_reasoning_content: bool = False
    limits: Limits = Limits()
    models: tuple[str, ...] | None = None
    key_hint: str | None = None
    created_at: float = 0.0
    source: SourceName = "database"


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a user. ``id`` is the public part of the key; ``digest`` what is kept of it.

    A key counts while it is neither revoked nor expired. Scopes None: everything the user may.
    ``limits`` count beside those of the user.
    """

    id: str
    user_id: str
    digest: bytes
    hint: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    backends: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    cidrs: tuple[str, ...] | None = None
    limits: Limits = Limits()


class BackendRow(msgspec.Struct, frozen=True, kw_only=True):
    """A backend. ``api_key_sealed`` is the envelope of its key, None where it has none.

    ``settings`` are the remaining keys of a backend in the file (``timeouts``, ``headers``,
    ``quirks``, ``kind``, ``models``, …) as the file would have them.
    """

    id: str
    name: str
    base_url: str
    speaks: tuple[str, ...] = ("chat",)
    is_active: bool = True
    detail_logging: bool = False
    api_key_sealed: bytes | None = None
    settings: Mapping[str, Any] = {}
    created_at: float = 0.0
    source: SourceName = "database"


class Permission(msgspec.Struct, frozen=True):
    """A user may use a backend."""

    user_id: str
    backend_id: str
    source: SourceName = "database"


class RewriteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model name stands for another."""

    id: str
    source_model: str
    target_model: str
    force: bool = False
    is_active: bool = True
    note: str = ""
    source: SourceName = "database"


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model name with its targets; ``settings`` as the file would have them under ``models``."""

    id: str
    name: str
    settings: Mapping[str, Any]
    source: SourceName = "database"


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the database's policy chain; ``entry`` has the keys of an entry in the file."""

    id: str
    position: int
    entry: Mapping[str, Any]
    is_active: bool = True
    source: SourceName = "database"


class AdminTokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An API token of an administrator, kept as a digest."""

    id: str
    name: str
    role: AdminRole
    digest: bytes
    hint: str
    created_at: float
    expires_at: float | None = None


class AdministratorRow(msgspec.Struct, frozen=True, kw_only=True):
    """An administrator who signs in with a password, kept as a PHC string of Argon2id.

    A session counts while ``generation`` is the one that it was opened with.
    """

    id: str
    name: str
    role: AdminRole
    password_hash: str
    is_active: bool = True
    generation: int = 0
    created_at: float = 0.0


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An administrator's session in a browser, kept as a digest. ``expires_at`` moves as it is
    used; ``data`` is what the admin API keeps in it."""

    digest: bytes
    data: Mapping[str, Any]
    expires_at: float


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One write of an administrator. ``chain`` is the digest over this row and the one before."""

    id: int
    at: float
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    chain: bytes


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the database that the data plane needs, as of ``version``. ``reloads``
    counts how often all workers were asked to read the configuration's file again."""

    version: int = 0
    reloads: int = 0
    users: tuple[UserRow, ...] = ()
    keys: tuple[KeyRow, ...] = ()
    backends: tuple[BackendRow, ...] = ()
    permissions: tuple[Permission, ...] = ()
    rewrites: tuple[RewriteRow, ...] = ()
    models: tuple[ModelRow, ...] = ()
    policies: tuple[PolicyRow, ...] = ()
    settings: Mapping[str, Any] = {}
