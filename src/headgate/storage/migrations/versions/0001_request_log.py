"""The request log: exchanges, their bodies, their attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "exchanges",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("backend_id", sa.Text),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("dialect", sa.Text, nullable=False),
        sa.Column("request_model", sa.Text, nullable=False),
        sa.Column("routed_model", sa.Text),
        sa.Column("response_model", sa.Text),
        sa.Column("prompt_tokens", sa.BigInteger),
        sa.Column("completion_tokens", sa.BigInteger),
        sa.Column("cached_tokens", sa.BigInteger),
        sa.Column("reasoning_tokens", sa.BigInteger),
        sa.Column("total_tokens", sa.BigInteger),
        sa.Column("usage_source", sa.Text),
        sa.Column("cost_usd", sa.Double),
        sa.Column("status_code", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("time_to_first_event_ms", sa.Double),
        sa.Column("response_time_ms", sa.Double),
        sa.Column("overhead_us", sa.BigInteger),
        sa.Column("stream", sa.Boolean, nullable=False),
        sa.Column("detail_logged", sa.Boolean, nullable=False),
        sa.Column("session", sa.Text),
        sa.Column("losses", sa.Text, nullable=False),
    )
    op.create_index("exchanges_by_time", "exchanges", ["created_at", "id"])
    for name in ("user", "backend"):
        op.create_index(f"exchanges_by_{name}", "exchanges", [f"{name}_id", "created_at"])
    for name in ("request_model", "routed_model", "outcome"):
        op.create_index(f"exchanges_by_{name}", "exchanges", [name, "created_at"])
    op.create_table(
        "exchange_bodies",
        sa.Column(
            "exchange_id",
            sa.Text,
            sa.ForeignKey("exchanges.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("request_body", sa.Text),
        sa.Column("response_body", sa.Text),
    )
    _create_attempts()


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("exchange_id", sa.Text, primary_key=True),
        sa.Column("attempt", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("backend_id", sa.Text, nullable=False),
        sa.Column("routed_model", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("status_code", sa.BigInteger),
        sa.Column("error_message", sa.Text),
        sa.Column("prompt_tokens", sa.BigInteger),
        sa.Column("completion_tokens", sa.BigInteger),
        sa.Column("cached_tokens", sa.BigInteger),
        sa.Column("reasoning_tokens", sa.BigInteger),
        sa.Column("usage_source", sa.Text),
        sa.Column("cost_usd", sa.Double),
        sa.Column("time_to_first_event_ms", sa.Double),
        sa.Column("duration_ms", sa.Double),
    )
    op.create_index("attempts_by_time", "attempts", ["at"])
    op.create_index("attempts_by_backend", "attempts", ["backend_id", "at"])


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("attempts")
    op.drop_table("exchange_bodies")
    op.drop_table("exchanges")
