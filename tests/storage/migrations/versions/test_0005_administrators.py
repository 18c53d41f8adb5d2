import importlib

from headgate.storage.directory_tables import administrators, audit_end
from headgate.storage.engine import Database
from headgate.storage.schema_script import statements


def test_it_follows_the_limits_of_keys() -> None:
    revision = importlib.import_module("headgate.storage.migrations.versions.0005_administrators")
    assert (revision.revision, revision.down_revision) == ("0005", "0004")


async def test_a_database_of_the_revision_before_is_brought_on(empty_database: Database) -> None:
    every = statements(empty_database.name, None)
    since = statements(empty_database.name, "0004")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    await empty_database.upgrade(lambda _: since)
    for table in (administrators, audit_end):
        assert await empty_database.fetch(table.select()) == []
