import contextlib
import importlib
import pathlib
import sqlite3

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from headgate.storage.engine import Database
from headgate.storage.migrate import migrate
from headgate.storage.schema_script import statements
from headgate.storage.scope import Scope, ended, found_by_model, in_log
from headgate.storage.sql import render
from headgate.storage.sqlite import SqliteDatabase
from headgate.storage.tables import exchanges

DIALECT = sqlite.dialect(paramstyle="qmark")
WANTED = {
    "routed_model": found_by_model("m")[1],
    "outcome": ended("timeout", "killed"),
    "detail": in_log(Scope(detail_logged=True))[0],
    "session": exchanges.c.session == "s",
    "key": exchanges.c.key_id == "k",
}


def test_it_follows_the_figures() -> None:
    name = "headgate.storage.migrations.versions.0008_partial_indexes"
    revision = importlib.import_module(name)
    assert (revision.revision, revision.down_revision) == ("0008", "0007")


async def test_indexes_of_before_are_made_anew(empty_database: Database) -> None:
    every = statements(empty_database.name, None)
    since = statements(empty_database.name, "0007")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    assert await migrate(empty_database) is True
    assert await empty_database.fetch(select(exchanges).where(WANTED["detail"])) == []


@pytest.mark.parametrize("name", list(WANTED))
async def test_each_partial_index_is_found_by_the_question_that_it_is_for(
    tmp_path: pathlib.Path, name: str
) -> None:
    database = SqliteDatabase(str(tmp_path / "headgate.db"))
    await migrate(database)
    await database.aclose()
    asked = render(select(exchanges.c.id, exchanges.c.created_at).where(WANTED[name]), DIALECT)
    with contextlib.closing(sqlite3.connect(tmp_path / "headgate.db")) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {asked.text}", asked.bind()).fetchall()
    assert f"exchanges_by_{name}" in str(plan)
