import pytest

from headgate.model.book_query import RequestQuery
from headgate.model.directory import BackendRow, KeyRow, UserRow
from headgate.storage.book_writer import BookWriter
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import Database
from headgate.storage.request_log import RequestLog
from headgate.storage.scope import scope_of
from tests.storage.samples import closed


@pytest.fixture
async def renamed(database: Database) -> Database:
    """A user and a backend that were called otherwise when they were last used."""
    store = DirectoryStore(database)
    key = KeyRow(id="k", user_id="u1", digest=b"d", hint="h", created_at=0.0)
    await store.add_user(UserRow(id="u1", name="alicia"), key)
    await store.add_backend(BackendRow(id="b1", name="west", base_url="http://west.test"))
    row = closed(user_id="u1", user_name="alice", backend_id="b1", backend_name="east")
    await BookWriter(database, lambda record, refusal: None).store([row])
    return database


@pytest.mark.parametrize("name", ["u1", "alice", "alicia"])
async def test_a_user_is_found_by_the_id_and_by_every_name(renamed: Database, name: str) -> None:
    page = await RequestLog(renamed).find(RequestQuery(user_id=name))
    assert (page.total, [row.user_name for row in page.rows]) == (1, ["alice"])


@pytest.mark.parametrize("name", ["b1", "east", "west"])
async def test_a_backend_is_found_by_the_id_and_by_every_name(renamed: Database, name: str) -> None:
    page = await RequestLog(renamed).find(RequestQuery(backend_id=name))
    assert (page.total, [row.backend_name for row in page.rows]) == (1, ["east"])


async def test_a_users_name_means_no_backend(renamed: Database) -> None:
    assert (await scope_of(renamed, RequestQuery(backend_id="alice"))).backends == ("alice",)
    assert (await scope_of(renamed, RequestQuery())).backends is None
