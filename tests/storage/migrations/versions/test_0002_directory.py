import importlib

from headgate.storage.directory_tables import directory_version
from headgate.storage.engine import Database
from headgate.storage.migrate import HEAD
from headgate.storage.schema_script import statements


def test_it_follows_the_request_log() -> None:
    revision = importlib.import_module("headgate.storage.migrations.versions.0002_directory")
    assert (revision.revision, revision.down_revision) == ("0002", "0001")


async def test_a_database_of_the_first_revision_is_brought_on(empty_database: Database) -> None:
    every = statements(empty_database.name, None)
    since = statements(empty_database.name, "0001")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    assert await empty_database.schema_version() == "0001"
    await empty_database.upgrade(lambda _: since)
    assert await empty_database.schema_version() == HEAD
    for table in directory_version.metadata.sorted_tables:
        await empty_database.fetch(table.select())
    assert [row["version"] for row in await empty_database.fetch(directory_version.select())] == [1]
