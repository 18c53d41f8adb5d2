"""A SQLite file: WAL, one writing connection and one for reading, each in a thread of its own."""

import asyncio
import contextlib
import logging
import os
import pathlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import aiosqlite
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable
from headgate.storage.sql import Row, Step, Untouched, render

BUSY_TIMEOUT_S = 5

_WAL_PAUSE_S = 0.01
_DIALECT = sqlite.dialect(paramstyle="qmark")
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",
)
_HAS_VERSION = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='alembic_version'"
_VERSION = "SELECT version_num FROM alembic_version"


class SqliteDatabase:
    """See `headgate.storage.engine.Database`."""

    name = "sqlite"

    def __init__(self, path: str) -> None:
        self._path = pathlib.Path(path)
        self._writer: aiosqlite.Connection | None = None
        self._reader: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """See `Database.fetch`."""
        sql = render(statement, _DIALECT)
        async with self._reading:
            with _translated(self._path):
                if self._reader is None:
                    self._reader = await _connect(self._path)
                cursor = await self._reader.execute(sql.text, sql.bind())
                names = [column[0] for column in cursor.description]
                rows = await cursor.fetchall()
                await cursor.close()
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def write(self, steps: Sequence[Step]) -> int:
        """See `Database.write`."""
        try:
            async with self._transaction() as connection:
                return sum([await _run(connection, step) for step in steps])
        except Untouched:
            return 0

    async def schema_version(self) -> str | None:
        """See `Database.schema_version`."""
        async with self._writing:
            with _translated(self._path):
                return await _version(await self._connected())

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        """See `Database.upgrade`."""
        async with self._transaction() as connection:
            for statement in statements(await _version(connection)):
                # An unread RETURNING would keep the transaction from committing.
                await connection.execute_fetchall(statement)

    async def aclose(self) -> None:
        """See `Database.aclose`."""
        async with self._writing, self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    await connection.close()
            self._reader = self._writer = None

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._writing:
            with _translated(self._path):
                connection = await self._connected()
                try:
                    await connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    await connection.execute("COMMIT")
                except BaseException:
                    await _undo(connection)
                    raise

    async def _connected(self) -> aiosqlite.Connection:
        if self._writer is None:
            self._writer = await _connect(self._path)
        return self._writer


async def _connect(path: pathlib.Path) -> aiosqlite.Connection:
    # aiosqlite logs every parameter at level DEBUG: bodies and secrets have no place in a log.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    _make_private(path)
    opening = aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    # A connection that nobody closed must not keep the process from ending.
    opening._thread.daemon = True
    connection = await opening
    try:
        for pragma in _PRAGMAS:
            await connection.execute(pragma)
        await _use_wal(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _use_wal(connection: aiosqlite.Connection) -> None:
    """Processes that start together collide here, and SQLite does not wait for this lock."""
    for left in reversed(range(int(BUSY_TIMEOUT_S / _WAL_PAUSE_S))):
        try:
            await connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
        await asyncio.sleep(_WAL_PAUSE_S)


def _make_private(path: pathlib.Path) -> None:
    """Makes the file, readable by its owner alone: SQLite gives its other files the same mode.

    One that is there is never opened here: closing it would let go of the locks that connections
    of this process hold on it, and another process would take its WAL away beneath them
    (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        pass


async def _run(connection: aiosqlite.Connection, step: Step) -> int:
    sql = render(step.statement, _DIALECT)
    rows = step.rows if step.rows is not None else (None,)
    # Bound one by one in the connection's thread, not on the event loop.
    cursor = await connection.executemany(sql.text, map(sql.bind, rows))
    touched = max(cursor.rowcount, 0)
    await cursor.close()
    if step.must_touch and not touched:
        raise Untouched
    return touched


async def _version(connection: aiosqlite.Connection) -> str | None:
    if not list(await connection.execute_fetchall(_HAS_VERSION)):
        return None
    rows = list(await connection.execute_fetchall(_VERSION))
    return str(rows[0][0]) if rows else None


async def _undo(connection: aiosqlite.Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass  # nothing had begun, or SQLite has rolled back by itself


@contextlib.contextmanager
def _translated(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise RowConflict(str(error)) from error
    except (sqlite3.DataError, sqlite3.InterfaceError, OverflowError) as error:
        raise RowRefused(str(error)) from error
    except (sqlite3.Error, OSError) as error:
        raise StoreUnreachable(f"the database {path} cannot be used: {error}") from error
