import importlib

from headgate.storage.engine import Database
from headgate.storage.tables import metadata


def test_it_is_the_first() -> None:
    revision = importlib.import_module("headgate.storage.migrations.versions.0001_request_log")
    assert (revision.revision, revision.down_revision) == ("0001", None)


async def test_every_table_can_be_asked(database: Database) -> None:
    for name in ("exchanges", "exchange_bodies", "attempts"):
        assert await database.fetch(metadata.tables[name].select()) == []
