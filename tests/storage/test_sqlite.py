import asyncio
import pathlib
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import insert, select, text

from headgate.model.store_faults import RowConflict, StoreUnreachable
from headgate.storage.figure_tables import known_names
from headgate.storage.migrate import migrate
from headgate.storage.sql import Step, upsert
from headgate.storage.sqlite import SqliteDatabase
from headgate.storage.tables import exchange_bodies, exchanges


async def test_the_file_is_the_owners_alone_and_in_wal_mode(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "headgate.db"
    database = SqliteDatabase(str(path))
    await migrate(database)
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "headgate.db-wal").stat().st_mode & 0o777 == 0o600
        pragmas = {}
        for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous"):
            [row] = await database.fetch(text(f"PRAGMA {name}"))
            [pragmas[name]] = row.values()
    finally:
        await database.aclose()
    assert pragmas == {
        "journal_mode": "wal",
        "busy_timeout": 5000,
        "foreign_keys": 1,
        "synchronous": 1,
    }


async def test_a_file_that_is_no_database_is_unreachable_and_untouched(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 100)
    database = SqliteDatabase(str(path))
    with pytest.raises(StoreUnreachable, match=r"notes\.txt cannot be used"):
        await database.schema_version()
    await database.aclose()
    assert path.read_text() == "Dear diary, " * 100


async def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    database = SqliteDatabase(str(tmp_path / "file" / "headgate.db"))
    with pytest.raises(StoreUnreachable):
        await database.schema_version()
    await database.aclose()


async def test_a_cancelled_write_is_undone_and_the_next_one_goes_through(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "headgate.db"
    database = SqliteDatabase(str(path))
    await migrate(database)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    orphan = Step(insert(exchange_bodies), ({"exchange_id": "none"},))
    writing = asyncio.ensure_future(database.write([orphan]))
    await asyncio.sleep(0)
    writing.cancel()
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await writing
    with pytest.raises(RowConflict):
        await database.write([orphan])
    assert await database.fetch(select(exchanges)) == []
    await database.aclose()


async def test_a_closed_database_can_be_used_again(tmp_path: pathlib.Path) -> None:
    database = SqliteDatabase(str(tmp_path / "headgate.db"))
    await migrate(database)
    await database.aclose()
    assert await database.schema_version() is not None
    await database.aclose()


ELSEWHERE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE elsewhere (id INTEGER)")
connection.close()
"""


async def test_a_process_that_leaves_does_not_take_the_log_of_the_others_away(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "headgate.db"
    database = SqliteDatabase(str(path))
    await migrate(database)
    await database.fetch(select(exchanges))
    log = (tmp_path / "headgate.db-wal").stat().st_ino
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(path)], check=True, timeout=30)
    assert (tmp_path / "headgate.db-wal").stat().st_ino == log
    await database.aclose()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 3 * 256 - 1])
async def test_rows_are_inserted_in_groups_without_losing_one(
    tmp_path: pathlib.Path, count: int
) -> None:
    database = SqliteDatabase(str(tmp_path / "headgate.db"))
    await migrate(database)
    kept = tuple({"kind": "user", "id": f"{n}", "name": "n", "last_day": n} for n in range(count))
    for statement in (insert(known_names), upsert("sqlite", known_names)):
        assert await database.write([Step(statement, kept)]) == count
    assert await database.fetch(select(known_names).order_by(known_names.c.last_day)) == list(kept)
    await database.aclose()
