import importlib

from sqlalchemy import text

from headgate.model.limits import NO_LIMITS
from headgate.storage.directory.keys import KEYS
from headgate.storage.directory_tables import keys
from headgate.storage.engine import Database
from headgate.storage.schema_script import statements
from headgate.storage.sql import Step
from headgate.storage.tables import exchanges

USER = (
    "INSERT INTO users (id, name, is_active, detail_logging, copy_reasoning_to_reasoning_content,"
    " limits, created_at) VALUES ('u', 'u', true, false, false, '{}', 1.0)"
)
KEY = "INSERT INTO keys (id, user_id, digest, hint, created_at) VALUES ('k', 'u', '', 'h', 1.0)"
EXCHANGE = (
    "INSERT INTO exchanges (id, created_at, endpoint, dialect, request_model, status_code, "
    "outcome, attempts, stream, detail_logged, losses) "
    "VALUES ('x', 1.0, '/v1/messages', 'messages', 'm', 200, 'complete', 1, false, false, '[]')"
)


def test_it_follows_the_policies_of_requests() -> None:
    name = "headgate.storage.migrations.versions.0004_limits_of_keys"
    revision = importlib.import_module(name)
    assert (revision.revision, revision.down_revision) == ("0004", "0003")


async def test_keys_of_before_have_no_limits_and_exchanges_no_key(empty_database: Database) -> None:
    every = statements(empty_database.name, None)
    since = statements(empty_database.name, "0003")
    await empty_database.upgrade(lambda _: every[: -len(since)])
    await empty_database.write([Step(text(said), ({},)) for said in (USER, KEY, EXCHANGE)])
    await empty_database.upgrade(lambda _: since)
    (key,) = await empty_database.fetch(keys.select())
    assert KEYS.record(key).limits == NO_LIMITS
    (exchange,) = await empty_database.fetch(exchanges.select())
    assert exchange["key_id"] is None
