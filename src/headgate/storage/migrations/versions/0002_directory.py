"""What an administrator keeps, from users to the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    "directory_version",
    "keys",
    "users",
    "permissions",
    "backends",
    "rewrites",
    "models",
    "policies",
    "settings",
    "admin_tokens",
    "admin_sessions",
    "audit",
)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "directory_version",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("reloads", sa.BigInteger, nullable=False),
        sa.Column("secret_id", sa.LargeBinary),
    )
    op.execute("INSERT INTO directory_version (id, version, reloads) VALUES (1, 1, 0)")
    _create_callers()
    _create_backends()
    _create_models()
    _create_identities()


def _create_callers() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("detail_logging", sa.Boolean, nullable=False),
        sa.Column("copy_reasoning_to_reasoning_content", sa.Boolean, nullable=False),
        sa.Column("limits", sa.Text, nullable=False),
        sa.Column("models", sa.Text),
        sa.Column("key_hint", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.UniqueConstraint("name", name="users_name"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column(
            "user_id", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.Column("last_used_at", sa.Double),
        sa.Column("backends", sa.Text),
        sa.Column("models", sa.Text),
        sa.Column("paths", sa.Text),
        sa.Column("cidrs", sa.Text),
        sa.UniqueConstraint("digest", name="keys_digest"),
    )
    op.create_index("keys_by_user", "keys", ["user_id", "created_at"])
    op.create_table(
        "permissions",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("backend_id", sa.Text, primary_key=True),
    )
    op.create_index("permissions_by_backend", "permissions", ["backend_id"])


def _create_backends() -> None:
    op.create_table(
        "backends",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("speaks", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("detail_logging", sa.Boolean, nullable=False),
        sa.Column("api_key_sealed", sa.LargeBinary),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.UniqueConstraint("name", name="backends_name"),
    )


def _create_models() -> None:
    op.create_table(
        "rewrites",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source_model", sa.Text, nullable=False),
        sa.Column("target_model", sa.Text, nullable=False),
        sa.Column("force", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.UniqueConstraint("source_model", name="rewrites_source_model"),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.UniqueConstraint("name", name="models_name"),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def _create_identities() -> None:
    op.create_table(
        "admin_tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.UniqueConstraint("digest", name="admin_tokens_digest"),
    )
    op.create_table(
        "admin_sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("admin_sessions_by_expiry", "admin_sessions", ["expires_at"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drops the tables."""
    for table in TABLES:
        op.drop_table(table)
