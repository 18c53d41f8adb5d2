"""What policies did in each exchange, and its tags."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the columns; exchanges of before have had no word of it."""
    op.add_column("exchanges", sa.Column("policies", sa.Text))
    op.add_column("exchanges", sa.Column("tags", sa.Text))
