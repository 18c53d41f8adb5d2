"""The tables of the request log. Columns carry the names of the records in `model.books`.

Times are Unix seconds. ``attempts`` has no foreign key: an attempt is settled, and may be
written, before its exchange is closed. Bodies stand apart, so that listing never reads them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

_FAILED = text("error_message IS NOT NULL")
_OF_KEY = text("key_id IS NOT NULL")
_REROUTED = text("routed_model <> request_model")
_NOT_COMPLETE = text("outcome <> 'complete'")
_DETAILED = text("detail_logged")
_IN_SESSION = text("session IS NOT NULL")

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("user_id", Text),
    Column("user_name", Text),
    Column("key_id", Text),
    Column("backend_id", Text),
    Column("backend_name", Text),
    Column("endpoint", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("request_model", Text, nullable=False),
    Column("routed_model", Text),
    Column("response_model", Text),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("total_tokens", BigInteger),
    Column("usage_source", Text),
    Column("cost_usd", Double),
    Column("status_code", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error_message", Text),
    Column("attempts", BigInteger, nullable=False),
    Column("time_to_first_event_ms", Double),
    Column("response_time_ms", Double),
    Column("overhead_us", BigInteger),
    Column("stream", Boolean, nullable=False),
    Column("detail_logged", Boolean, nullable=False),
    Column("session", Text),
    Column("losses", Text, nullable=False),
    Column("policies", Text),
    Column("tags", Text),
    Index("exchanges_by_time", "created_at", "id"),
    Index("exchanges_by_user", "user_id", "created_at", "id"),
    # Partial on PostgreSQL too, by its migrations: saying so here would load that dialect. What
    # nearly every row has in common needs no index, and would cost each exchange a piece of it.
    Index("exchanges_by_key", "key_id", "created_at", sqlite_where=_OF_KEY),
    Index("exchanges_by_backend", "backend_id", "created_at", "id"),
    Index("exchanges_by_request_model", "request_model", "created_at", "id"),
    Index("exchanges_by_routed_model", "routed_model", "created_at", "id", sqlite_where=_REROUTED),
    Index("exchanges_by_outcome", "outcome", "created_at", "id", sqlite_where=_NOT_COMPLETE),
    Index("exchanges_by_detail", "created_at", "id", sqlite_where=_DETAILED),
    Index("exchanges_by_session", "session", "created_at", "id", sqlite_where=_IN_SESSION),
    Index("exchanges_by_error", "created_at", sqlite_where=_FAILED),
)

exchange_bodies = Table(
    "exchange_bodies",
    metadata,
    Column("exchange_id", Text, ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True),
    Column("request_body", Text),
    Column("response_body", Text),
)

attempts = Table(
    "attempts",
    metadata,
    Column("exchange_id", Text, primary_key=True),
    Column("attempt", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("user_id", Text),
    Column("backend_id", Text, nullable=False),
    Column("backend_name", Text),
    Column("routed_model", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("status_code", BigInteger),
    Column("error_message", Text),
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("usage_source", Text),
    Column("cost_usd", Double),
    Column("price_version", Text),
    Column("time_to_first_event_ms", Double),
    Column("duration_ms", Double),
    Index("attempts_by_time", "at"),
)
