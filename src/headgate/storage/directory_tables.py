"""The tables of what an administrator keeps.

Columns carry the names of the records in `model.directory`; one with ``json`` in its info holds
JSON text. ``permissions`` has no foreign keys: either side may be a row of the file.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from headgate.storage.tables import metadata

JSON = {"json": True}

directory_version = Table(
    "directory_version",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("reloads", BigInteger, nullable=False),
    Column("secret_id", LargeBinary),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("is_active", Boolean, nullable=False),
    Column("detail_logging", Boolean, nullable=False),
    Column("copy_reasoning_to_reasoning_content", Boolean, nullable=False),
    Column("limits", Text, nullable=False, info=JSON),
    Column("models", Text, info=JSON),
    Column("key_hint", Text),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("name", name="users_name"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
    Column("backends", Text, info=JSON),
    Column("models", Text, info=JSON),
    Column("paths", Text, info=JSON),
    Column("cidrs", Text, info=JSON),
    Column("limits", Text, nullable=False, server_default="{}", info=JSON),
    UniqueConstraint("digest", name="keys_digest"),
    Index("keys_by_user", "user_id", "created_at"),
)

backends = Table(
    "backends",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("speaks", Text, nullable=False, info=JSON),
    Column("is_active", Boolean, nullable=False),
    Column("detail_logging", Boolean, nullable=False),
    Column("api_key_sealed", LargeBinary),
    Column("settings", Text, nullable=False, info=JSON),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("name", name="backends_name"),
)

permissions = Table(
    "permissions",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("backend_id", Text, primary_key=True),
    Index("permissions_by_backend", "backend_id"),
)

rewrites = Table(
    "rewrites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_model", Text, nullable=False),
    Column("target_model", Text, nullable=False),
    Column("force", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    UniqueConstraint("source_model", name="rewrites_source_model"),
)

models = Table(
    "models",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("settings", Text, nullable=False, info=JSON),
    UniqueConstraint("name", name="models_name"),
)

policies = Table(
    "policies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("entry", Text, nullable=False, info=JSON),
    Column("is_active", Boolean, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False, info=JSON),
)

admin_tokens = Table(
    "admin_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    UniqueConstraint("digest", name="admin_tokens_digest"),
)

administrators = Table(
    "administrators",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("name", name="administrators_name"),
)

admin_sessions = Table(
    "admin_sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("data", Text, nullable=False, info=JSON),
    Column("expires_at", Double, nullable=False),
    Index("admin_sessions_by_expiry", "expires_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False, info=JSON),
    Column("chain", LargeBinary, nullable=False),
)

audit_end = Table(
    "audit_end",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("row_id", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
