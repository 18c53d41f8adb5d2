import asyncio

import pytest
from sqlalchemy import select

from headgate.storage.directory import DirectoryStore
from headgate.storage.directory_tables import directory_version
from headgate.storage.engine import Database
from headgate.storage.secret_claim import AnotherSecretKey, claim
from headgate.storage.secret_key import derive
from tests.storage.directory.samples import backend, key, user

OLD, NEW = derive(b"the old secret key"), derive(b"the new secret key")


async def _claimed(database: Database) -> bytes:
    rows = await database.fetch(select(directory_version.c.secret_id))
    return bytes(rows[0]["secret_id"])


async def test_the_first_to_come_is_written_down(database: Database) -> None:
    await asyncio.gather(*(claim(database, [OLD]) for _ in range(5)))
    assert await _claimed(database) == OLD.id


async def test_another_key_may_come_while_nothing_depends_on_the_first(database: Database) -> None:
    await claim(database, [OLD])
    await DirectoryStore(database).add_backend(backend(api_key_sealed=None))
    await claim(database, [NEW])
    assert await _claimed(database) == NEW.id


async def test_another_key_is_refused_where_callers_keys_depend_on_the_first(
    database: Database,
) -> None:
    await claim(database, [OLD])
    await DirectoryStore(database).add_user(user(), key())
    with pytest.raises(AnotherSecretKey, match="HEADGATE_SECRET_KEY"):
        await claim(database, [NEW])
    assert await _claimed(database) == OLD.id


async def test_another_key_is_refused_where_a_backends_key_depends_on_the_first(
    database: Database,
) -> None:
    await claim(database, [OLD])
    await DirectoryStore(database).add_backend(backend())
    with pytest.raises(AnotherSecretKey):
        await claim(database, [NEW])


async def test_with_the_old_key_beside_it_a_new_one_takes_over(database: Database) -> None:
    await claim(database, [OLD])
    await DirectoryStore(database).add_user(user(), key())
    await claim(database, [NEW, OLD])
    assert await _claimed(database) == NEW.id
    await claim(database, [NEW])
