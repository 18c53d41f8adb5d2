"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Brings the schema here."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Takes the schema back."""
    ${downgrades if downgrades else "pass"}
