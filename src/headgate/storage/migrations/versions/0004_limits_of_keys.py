"""Limits of keys, and the key that an exchange was asked with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("keys", sa.Column("limits", sa.Text, nullable=False, server_default="{}"))
    op.add_column("exchanges", sa.Column("key_id", sa.Text))
    op.create_index("exchanges_by_key", "exchanges", ["key_id", "created_at"])


def downgrade() -> None:
    """Takes them away again."""
    op.drop_index("exchanges_by_key", "exchanges")
    op.drop_column("exchanges", "key_id")
    op.drop_column("keys", "limits")
