"""Opens a database by its URL."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql import ClauseElement

from headgate.storage.sql import Row, Step
from headgate.storage.sqlite import SqliteDatabase

_FORMS = "sqlite:///path/to/file.db or postgresql://user:password@host/name"


class BadDatabaseUrl(Exception):  # noqa: N818 - named for the fact
    """The URL names no database that can be used; the message is one sentence for an operator."""


class Database(Protocol):
    """One database. Nothing here blocks the event loop; connections are made at first use.

    Raises StoreUnreachable where the database does not answer, RowRefused where it will not take
    a row (RowConflict where the row contradicts another). Cancelling a write undoes it.
    """

    name: str
    """``sqlite`` or ``postgresql``."""

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """The rows of a query."""
        ...

    async def write(self, steps: Sequence[Step]) -> int:
        """Runs `steps` as one transaction; returns how many rows they touched in all, 0 where it
        was undone (see `Step.must_touch`)."""
        ...

    async def schema_version(self) -> str | None:
        """The revision that the schema is at; None where there is no schema yet."""
        ...

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        """Runs what `statements` gives for the current version, as one transaction.

        All processes that share the database take turns here.
        """
        ...

    async def aclose(self) -> None:
        """Closes every connection."""
        ...


def open_database(url: str) -> Database:
    """The database at `url`; nothing is connected yet. Raises BadDatabaseUrl."""
    parsed = _parse(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteDatabase(_file_of(parsed))
        case "postgresql" | "postgres":
            return _open_postgres(parsed)
        case other:
            raise BadDatabaseUrl(f"database: {other}:// is not supported; use {_FORMS}")


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadDatabaseUrl(f"database: not a database URL; use {_FORMS}") from error


def _file_of(url: URL) -> str:
    if url.host:
        raise BadDatabaseUrl(
            f"database: sqlite://{url.host}… lacks a slash; write sqlite:///{url.host}…"
        )
    if not url.database or url.database == ":memory:":
        raise BadDatabaseUrl("database: SQLite needs a file here; write sqlite:///path/to/file.db")
    return url.database


def _open_postgres(url: URL) -> Database:
    try:
        from headgate.storage import postgres  # noqa: PLC0415 - the driver is an optional extra
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise BadDatabaseUrl(
            'database: PostgreSQL needs its driver; run: pip install "headgate[postgres]"'
        ) from error
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return postgres.PostgresDatabase(dsn)
