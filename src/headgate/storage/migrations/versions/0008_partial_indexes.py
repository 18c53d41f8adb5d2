"""Indexes of the request log without the rows that nearly all have in common."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_PARTIAL = {
    "key": (["key_id", "created_at"], "key_id IS NOT NULL"),
    "routed_model": (["routed_model", "created_at", "id"], "routed_model <> request_model"),
    "outcome": (["outcome", "created_at", "id"], "outcome <> 'complete'"),
    "detail": (["created_at", "id"], "detail_logged"),
    "session": (["session", "created_at", "id"], "session IS NOT NULL"),
}


def upgrade() -> None:
    """Makes the indexes anew. Attempts of a backend are found by their time."""
    for name, (columns, of_rows) in _PARTIAL.items():
        op.drop_index(f"exchanges_by_{name}", "exchanges")
        only = sa.text(of_rows)
        op.create_index(
            f"exchanges_by_{name}", "exchanges", columns, sqlite_where=only, postgresql_where=only
        )
    op.drop_index("attempts_by_backend", "attempts")
