import importlib

from sqlalchemy import text

from headgate.model.books import ExchangeRow
from headgate.storage import rows
from headgate.storage.engine import Database
from headgate.storage.schema_script import statements
from headgate.storage.sql import Step
from headgate.storage.tables import exchanges

BEFORE = (
    "INSERT INTO exchanges (id, created_at, endpoint, dialect, request_model, status_code, "
    "outcome, attempts, stream, detail_logged, losses) "
    "VALUES ('x', 1.0, '/v1/messages', 'messages', 'm', 200, 'complete', 1, false, false, '[]')"
)


def test_it_follows_the_directory() -> None:
    name = "headgate.storage.migrations.versions.0003_policies_of_requests"
    revision = importlib.import_module(name)
    assert (revision.revision, revision.down_revision) == ("0003", "0002")


async def test_exchanges_of_before_have_nothing_to_tell_of_policies(
    empty_database: Database,
) -> None:
    every = statements(empty_database.name, None)
    since = statements(empty_database.name, "0002")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    await empty_database.write([Step(text(BEFORE), ({},))])
    await empty_database.upgrade(lambda _: since)
    (found,) = await empty_database.fetch(exchanges.select())
    row = rows.exchange(found)
    assert isinstance(row, ExchangeRow)
    assert (row.policies, row.tags) == ((), {})
