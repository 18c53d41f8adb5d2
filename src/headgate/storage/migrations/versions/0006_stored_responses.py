"""Responses that callers may go on from, the events that told them, and conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = (
    "conversation_items",
    "conversations",
    "stored_items",
    "stored_events",
    "stored_responses",
)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "stored_responses",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("background", sa.Boolean, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("backend", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("alive_at", sa.Double),
    )
    op.create_index("stored_responses_by_id", "stored_responses", ["owner", "id", "created_at"])
    op.create_index("stored_responses_by_root", "stored_responses", ["root"])
    op.create_index("stored_responses_by_use", "stored_responses", ["used_at"])
    op.create_index("stored_responses_by_worker", "stored_responses", ["worker"])
    _create_parts()
    _create_conversations()


def _create_parts() -> None:
    for table, own in (
        ("stored_events", sa.Column("part", sa.BigInteger, primary_key=True, autoincrement=False)),
        ("stored_items", sa.Column("id", sa.Text, primary_key=True)),
    ):
        whole = sa.ForeignKey("stored_responses.key", ondelete="CASCADE")
        rest = (
            [sa.Column("data", sa.LargeBinary, nullable=False)]
            if table == "stored_events"
            else [sa.Column("owner", sa.Text, nullable=False)]
        )
        op.create_table(table, sa.Column("key", sa.Text, whole, primary_key=True), own, *rest)
    op.create_index("stored_items_by_owner", "stored_items", ["owner", "id"])


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
    )
    op.create_index("conversations_by_use", "conversations", ["used_at"])
    op.create_table(
        "conversation_items",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("conversation", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "conversation"],
            ["conversations.owner", "conversations.id"],
            ondelete="CASCADE",
        ),
    )
    op.create_index("conversation_items_by_id", "conversation_items", ["owner", "id"])


def downgrade() -> None:
    """Drops the tables."""
    for table in TABLES:
        op.drop_table(table)
