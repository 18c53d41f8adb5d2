"""The tables of stored responses and conversations.

Columns of the first carry the names of the record in `model.stored`. Events are the bytes of a
stream, compressed, in parts in their order; items are looked up in the response that they belong
to. All of it goes with its response or its conversation.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
)

from headgate.storage.tables import metadata

stored_responses = Table(
    "stored_responses",
    metadata,
    Column("key", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Column("status", Text, nullable=False),
    Column("background", Boolean, nullable=False),
    Column("root", Text, nullable=False),
    Column("previous", Text),
    Column("backend", Text),
    Column("session", Text),
    Column("input", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("worker", Text),
    Column("alive_at", Double),
    Index("stored_responses_by_id", "owner", "id", "created_at"),
    Index("stored_responses_by_root", "root"),
    Index("stored_responses_by_use", "used_at"),
    Index("stored_responses_by_worker", "worker"),
)

_WHOLE = "stored_responses.key"

stored_events = Table(
    "stored_events",
    metadata,
    Column("key", Text, ForeignKey(_WHOLE, ondelete="CASCADE"), primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

stored_items = Table(
    "stored_items",
    metadata,
    Column("key", Text, ForeignKey(_WHOLE, ondelete="CASCADE"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Index("stored_items_by_owner", "owner", "id"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Column("metadata", Text, nullable=False),
    Index("conversations_by_use", "used_at"),
)

conversation_items = Table(
    "conversation_items",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("conversation", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("item", Text, nullable=False),
    ForeignKeyConstraint(
        ["owner", "conversation"],
        ["conversations.owner", "conversations.id"],
        ondelete="CASCADE",
    ),
    Index("conversation_items_by_id", "owner", "id"),
)
