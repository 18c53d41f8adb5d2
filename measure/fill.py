"""Fills a new database with rows of the log, past the gateway, and counts them as a migration
does."""

import asyncio
import itertools
import pathlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types

from headgate.storage.engine import open_database
from headgate.storage.migrate import migrate
from headgate.storage.schema_script import statements
from headgate.storage.tables import attempts, exchange_bodies, exchanges
from measure.rows import Made, backends, users
from measure.rows import exchanges as made_exchanges

_BATCH = 20_000
_COLUMNS = {
    "exchanges": [column.name for column in exchanges.columns],
    "attempts": [column.name for column in attempts.columns],
    "exchange_bodies": [column.name for column in exchange_bodies.columns],
}
_COUNTING = ("INSERT INTO series", "INSERT INTO figures", "INSERT INTO tallies")

Table = tuple[str, list[tuple[Any, ...]]]


def fill(url: str, count: int, end: float) -> None:
    """Makes the schema and `count` exchanges of the month before the Unix time `end`."""
    asyncio.run(_make_schema(url))
    if url.startswith("sqlite"):
        _fill_sqlite(pathlib.Path(url.removeprefix("sqlite:///")), count, end)
    else:
        asyncio.run(_fill_postgres(url, count, end))


async def _make_schema(url: str) -> None:
    database = open_database(url)
    try:
        await migrate(database)
    finally:
        await database.aclose()


def _fill_sqlite(path: pathlib.Path, count: int, end: float) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('exchanges', 'attempts')"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for table, rows in itertools.chain(_directory(), _log(count, end)):
        marks = ", ".join("?" * len(_columns(table)))
        columns = ", ".join(_columns(table))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    for statement in _counting("sqlite"):
        connection.execute(statement)
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _fill_postgres(url: str, count: int, end: float) -> None:
    connection = await asyncpg.connect(url)
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        " AND tablename IN ('exchanges', 'attempts') AND indexname NOT LIKE '%_pkey'"
    )
    async with connection.transaction():
        for row in indexes:
            await connection.execute(f"DROP INDEX {row['indexname']}")
        for table, rows in itertools.chain(_directory(), _log(count, end)):
            await connection.copy_records_to_table(table, records=rows, columns=_columns(table))
        for statement in _counting("postgresql"):
            await connection.execute(statement)
        for row in indexes:
            await connection.execute(row["indexdef"])
    # What the server does by itself some minutes later.
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _counting(dialect: str) -> list[str]:
    return [line for line in statements(dialect, "0006") if line.startswith(_COUNTING)]


_DIRECTORY = {
    "users": [
        "id",
        "name",
        "is_active",
        "detail_logging",
        "copy_reasoning_to_reasoning_content",
        "limits",
        "created_at",
    ],
    "backends": [
        "id",
        "name",
        "base_url",
        "speaks",
        "is_active",
        "detail_logging",
        "settings",
        "created_at",
    ],
}


def _columns(table: str) -> Sequence[str]:
    return _COLUMNS.get(table) or _DIRECTORY[table]


def _directory() -> Iterator[Table]:
    yield "users", [(row.id, row.name, True, False, False, "{}", 0.0) for row in users()]
    where, settings = "http://127.0.0.1:9", '{"models": ["m"]}'
    yield (
        "backends",
        [(b.id, b.name, where, '["chat"]', True, False, settings, 0.0) for b in backends()],
    )


def _log(count: int, end: float) -> Iterator[Table]:
    every = made_exchanges(count, end)
    while batch := list(itertools.islice(every, _BATCH)):
        yield "exchanges", [_row("exchanges", made.exchange) for made in batch]
        yield "attempts", [_row("attempts", one) for made in batch for one in made.attempts]
        yield "exchange_bodies", [_row("exchange_bodies", body) for body in _bodies(batch)]


def _bodies(batch: Sequence[Made]) -> Iterator[dict[str, Any]]:
    return (made.bodies for made in batch if made.bodies is not None)


def _row(table: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(map(values.get, _COLUMNS[table]))
