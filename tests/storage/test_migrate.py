import asyncio
import pathlib
import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from headgate.storage import schema_script
from headgate.storage.engine import Database, open_database
from headgate.storage.migrate import HEAD, NewerSchema, migrate, read_fresh


async def test_an_empty_database_is_brought_to_the_newest_schema_once(
    empty_database: Database,
) -> None:
    assert await empty_database.schema_version() is None
    assert await migrate(empty_database) is True
    assert await empty_database.schema_version() == HEAD
    assert await migrate(empty_database) is False


async def test_two_that_migrate_at_once_do_not_collide(database_url: str) -> None:
    one, two = open_database(database_url), open_database(database_url)
    try:
        await asyncio.gather(migrate(one), migrate(two))
        assert await one.schema_version() == await two.schema_version() == HEAD
    finally:
        await one.aclose()
        await two.aclose()


async def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    def stamp(_: str | None) -> list[str]:
        return ["UPDATE alembic_version SET version_num = '9999'"]

    await database.upgrade(stamp)
    with pytest.raises(NewerSchema, match="9999"):
        await migrate(database)
    assert await database.schema_version() == "9999"


async def test_a_failing_upgrade_changes_nothing(empty_database: Database) -> None:
    def broken(_: str | None) -> list[str]:
        return ["CREATE TABLE half (id TEXT)", "NONSENSE"]

    with pytest.raises(Exception, match=r"(?i)syntax"):
        await empty_database.upgrade(broken)
    with pytest.raises(Exception, match=r"half"):
        await empty_database.fetch(text("SELECT * FROM half"))


def test_the_head_that_is_known_is_the_newest_revision() -> None:
    config = Config()
    folder = pathlib.Path(schema_script.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_empty_database_is_made_as_the_revisions_say(dialect: str) -> None:
    assert read_fresh(dialect) == schema_script.fresh(dialect), "run: make schema"


async def test_an_older_database_is_brought_on_by_the_revisions(empty_database: Database) -> None:
    def first_revision(_: str | None) -> list[str]:
        return schema_script.statements(empty_database.name, None, "0001")

    await empty_database.upgrade(first_revision)
    assert await empty_database.schema_version() == "0001"
    assert await migrate(empty_database) is True
    assert await empty_database.schema_version() == HEAD


def test_a_start_imports_no_alembic(tmp_path: pathlib.Path) -> None:
    program = f"""
import asyncio, sys
from headgate.storage.engine import open_database
from headgate.storage.migrate import migrate
async def start():
    database = open_database("sqlite:///{tmp_path}/headgate.db")
    made = await migrate(database)
    await database.aclose()
    return made
assert asyncio.run(start()) == (sys.argv[1] == "first")
assert not {{"alembic", "fastapi", "pydantic", "sqlalchemy.orm", "asyncpg"}} & set(sys.modules)
"""
    for turn in ("first", "second"):
        subprocess.run([sys.executable, "-c", program, turn], check=True, timeout=30)
