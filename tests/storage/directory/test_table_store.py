import pytest

from headgate.model.store_faults import StoreUnreachable
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import open_database
from tests.storage.directory.samples import key, user


async def test_a_store_that_is_down_says_so(tmp_path: object) -> None:
    database = open_database(f"sqlite:////proc/{id(tmp_path)}/no.db")
    with pytest.raises(StoreUnreachable):
        await DirectoryStore(database).add_user(user(), key())
