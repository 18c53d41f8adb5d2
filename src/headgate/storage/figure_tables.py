"""The tables of the figures: what the request log comes to, day by day.

A series is a user, a backend and a model asked for and routed to; "" is none. `level` is 0 where
users are told apart and 1 where a series counts them all, so that what concerns no user is read
from few rows. ``day`` counts from 1970, in UTC.
"""

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, UniqueConstraint

from headgate.storage.tables import metadata

EACH_USER, ALL_USERS = 0, 1

_Id = BigInteger().with_variant(Integer, "sqlite")  # only so does SQLite count by itself

series = Table(
    "series",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("level", BigInteger, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("backend_id", Text, nullable=False),
    Column("request_model", Text, nullable=False),
    Column("routed_model", Text, nullable=False),
    Column("last_day", BigInteger, nullable=False),
    UniqueConstraint(
        "level", "user_id", "backend_id", "request_model", "routed_model", name="series_key"
    ),
)

figures = Table(
    "figures",
    metadata,
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("streams", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("total_tokens", BigInteger, nullable=False),
    Column("cost_usd", Double, nullable=False),
    sqlite_with_rowid=False,
)

tallies = Table(
    "tallies",
    metadata,
    Column("measure", BigInteger, primary_key=True, autoincrement=False),
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    Column("total", Double, nullable=False),
    sqlite_with_rowid=False,
)

known_names = Table(
    "known_names",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("last_day", BigInteger, nullable=False),
)

log_horizon = Table(
    "log_horizon",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
)
