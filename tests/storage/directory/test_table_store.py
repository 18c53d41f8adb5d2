import pytest

from headgate.model.store_faults import StoreUnreachable
from headgate.storage.directory import DirectoryStore
from headgate.storage.directory.table_store import last_link
from headgate.storage.engine import Database, open_database
from tests.storage.directory.samples import NOTE, key, user


async def test_a_store_that_is_down_says_so(tmp_path: object) -> None:
    database = open_database(f"sqlite:////proc/{id(tmp_path)}/no.db")
    with pytest.raises(StoreUnreachable):
        await DirectoryStore(database).add_user(user(), key())


async def test_the_last_link_is_the_newest_row_of_the_log(
    database: Database, store: DirectoryStore
) -> None:
    assert (await last_link(database)).id == 0
    await store.append_audit(**NOTE)
    await store.append_audit(**NOTE)
    newest = (await store.list_audit(1, 0))[0]
    last = await last_link(database)
    assert (last.id, last.chain) == (newest.id, newest.chain) == (2, newest.chain)
