"""A PostgreSQL database through asyncpg: a small pool, and a time limit on every call."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable
from headgate.storage.sql import Row, Step, Untouched, render

CONNECT_TIMEOUT_S = 5
COMMAND_TIMEOUT_S = 30
MOST_CONNECTIONS = 4

_DIALECT = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
# Not to_regclass: it answers from a cache that does not notice another session's new table.
_HAS_VERSION = (
    "SELECT 1 FROM pg_catalog.pg_tables"
    " WHERE tablename = 'alembic_version' AND schemaname = ANY (current_schemas(false))"
)
_VERSION = "SELECT version_num FROM alembic_version"
_UPGRADE_LOCK = "SELECT pg_advisory_xact_lock(hashtext('headgate upgrade'))"
_MISCONFIGURED = asyncpg.exceptions.ClientConfigurationError
_REFUSALS = (
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,  # such as a value that is too long for an index
    ValueError,
    OverflowError,
)
_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class PostgresDatabase:
    """See `headgate.storage.engine.Database`."""

    name = "postgresql"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """See `Database.fetch`."""
        sql = render(statement, _DIALECT)
        async with self._connection() as connection:
            return [dict(row) for row in await connection.fetch(sql.text, *sql.bind())]

    async def write(self, steps: Sequence[Step]) -> int:
        """See `Database.write`."""
        try:
            async with self._connection() as connection, connection.transaction():
                return sum([await _run(connection, step) for step in steps])
        except Untouched:
            return 0

    async def schema_version(self) -> str | None:
        """See `Database.schema_version`."""
        async with self._connection() as connection:
            return await _version(connection)

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        """See `Database.upgrade`."""
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_UPGRADE_LOCK)
            for statement in statements(await _version(connection)):
                await connection.execute(statement)

    async def aclose(self) -> None:
        """See `Database.aclose`."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        try:
            pool = await self._opened()
            async with pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                yield connection
        except asyncpg.IntegrityConstraintViolationError as error:
            raise RowConflict(str(error)) from error
        except _MISCONFIGURED as error:
            raise StoreUnreachable(f"the PostgreSQL database's URL is wrong: {error}") from error
        except _REFUSALS as error:
            raise RowRefused(str(error)) from error
        except _FAILURES as error:
            said = str(error) or type(error).__name__
            raise StoreUnreachable(f"the PostgreSQL database cannot be used: {said}") from error

    async def _opened(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=MOST_CONNECTIONS,
                    timeout=CONNECT_TIMEOUT_S,
                    command_timeout=COMMAND_TIMEOUT_S,
                    reset=_leave,
                    # Compiling a query takes longer than any of ours runs.
                    server_settings={"application_name": "headgate", "jit": "off"},
                )
        return self._pool


async def _leave(connection: Any) -> None:
    """Nothing here changes a session, so there is nothing to reset: a round trip less."""


async def _run(connection: Any, step: Step) -> int:
    sql = render(step.statement, _DIALECT)
    if step.rows is not None:
        bound = await asyncio.to_thread(list, map(sql.bind, step.rows))
        await connection.executemany(sql.text, bound)
        return len(step.rows)
    touched = _count(await connection.execute(sql.text, *sql.bind()))
    if step.must_touch and not touched:
        raise Untouched
    return touched


async def _version(connection: Any) -> str | None:
    if await connection.fetchval(_HAS_VERSION) is None:
        return None
    version = await connection.fetchval(_VERSION)
    return None if version is None else str(version)


def _count(status: str) -> int:
    """The rows in a command's status, such as ``DELETE 12``."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
