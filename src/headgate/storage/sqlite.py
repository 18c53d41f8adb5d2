"""A SQLite file: WAL, one writing connection and one for reading, each in a thread of its own."""

import contextlib
import functools
import itertools
import os
import pathlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable
from headgate.storage.sql import Row, Step, Untouched, render
from headgate.storage.sqlite_thread import SqliteThread, Wanted

BUSY_TIMEOUT_S = 5
GROUPS = (256, 128, 64, 32, 16, 8, 4, 2)
"""So many rows are inserted by one statement. After each the thread waits for its turn with the
interpreter, and while it waits, whatever the event loop does wakes it up for nothing; but binding
256 of the widest rows keeps the event loop waiting for 0.8 ms."""

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
        self._writer = SqliteThread(lambda: _connect(self._path))
        self._reader = SqliteThread(lambda: _connect(self._path))

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """See `Database.fetch`."""
        sql = render(statement, _DIALECT)
        with _translated(self._path):
            return await self._reader.run(lambda c, _: _rows(c, sql.text, sql.bind()))

    async def write(self, steps: Sequence[Step]) -> int:
        """See `Database.write`."""
        try:
            with _translated(self._path):
                return await self._writer.run(
                    lambda c, wanted: _transact(
                        c, wanted, lambda: sum([_run(c, step) for step in steps])
                    )
                )
        except Untouched:
            return 0

    async def schema_version(self) -> str | None:
        """See `Database.schema_version`."""
        with _translated(self._path):
            return await self._writer.run(lambda c, _: _version(c))

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        """See `Database.upgrade`."""
        with _translated(self._path):
            await self._writer.run(
                lambda c, wanted: _transact(c, wanted, lambda: _upgrade(c, statements))
            )

    async def aclose(self) -> None:
        """See `Database.aclose`."""
        await self._reader.aclose()
        await self._writer.aclose()


def _connect(path: pathlib.Path) -> sqlite3.Connection:
    _make_private(path)
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        _use_wal(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Processes that start together collide here, and SQLite does not wait for this lock."""
    for left in reversed(range(int(BUSY_TIMEOUT_S / _WAL_PAUSE_S))):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
        time.sleep(_WAL_PAUSE_S)


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


def _transact(connection: sqlite3.Connection, wanted: Wanted, work: Callable[[], int]) -> int:
    """What `work` returns; all that it did is undone where it fails or nobody wants it any more."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        touched = work()
        if wanted():
            connection.execute("COMMIT")
            return touched
    except BaseException:
        _undo(connection)
        raise
    _undo(connection)
    return 0


def _upgrade(
    connection: sqlite3.Connection, statements: Callable[[str | None], Sequence[str]]
) -> int:
    for statement in statements(_version(connection)):
        # An unread RETURNING would keep the transaction from committing.
        connection.execute(statement).fetchall()
    return 0


def _run(connection: sqlite3.Connection, step: Step) -> int:
    sql = render(step.statement, _DIALECT)
    if step.rows is None:
        touched = max(connection.execute(sql.text, sql.bind()).rowcount, 0)
    else:
        touched = _run_each(connection, sql.text, list(map(sql.bind, step.rows)))
    if step.must_touch and not touched:
        raise Untouched
    return touched


def _run_each(connection: sqlite3.Connection, text: str, bound: Sequence[tuple[Any, ...]]) -> int:
    touched = start = 0
    most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    for size in GROUPS:
        whole = len(bound) - (len(bound) - start) % size
        if whole > start and size * len(bound[0]) <= most and (many := _grouped(text, size)):
            groups = [_flat(bound[at : at + size]) for at in range(start, whole, size)]
            touched += max(connection.executemany(many, groups).rowcount, 0)
            start = whole
    return touched + max(connection.executemany(text, bound[start:]).rowcount, 0)


@functools.lru_cache(maxsize=128)
def _grouped(text: str, size: int) -> str | None:
    """The insert of one row as one of so many; None where it is no insert."""
    head, mark, rest = text.partition(" VALUES (")
    if not mark or not text.startswith("INSERT") or " RETURNING " in rest:
        return None
    values, conflict, tail = rest.partition(") ON CONFLICT")
    row = f"({values})" if conflict else f"({values}"
    return f"{head} VALUES {', '.join([row] * size)}{conflict[1:]}{tail}"


def _flat(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(itertools.chain.from_iterable(rows))


def _rows(connection: sqlite3.Connection, text: str, bound: tuple[Any, ...]) -> list[Row]:
    cursor = connection.execute(text, bound)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _version(connection: sqlite3.Connection) -> str | None:
    if not connection.execute(_HAS_VERSION).fetchall():
        return None
    rows = connection.execute(_VERSION).fetchall()
    return str(rows[0][0]) if rows else None


def _undo(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("ROLLBACK")
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
