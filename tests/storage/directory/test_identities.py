import pytest

from headgate.model.directory import SessionRow
from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import AT, token

ONE, TWO = b"one".ljust(32), b"two".ljust(32)


async def test_tokens_are_found_by_their_digest(store: DirectoryStore) -> None:
    await store.add_token(token())
    await store.add_token(token("t2", created_at=AT + 1, expires_at=None))
    assert await store.find_token(b"t2") == token("t2", created_at=AT + 1, expires_at=None)
    assert await store.find_token(b"nothing") is None
    assert [row.id for row in await store.list_tokens()] == ["t1", "t2"]
    with pytest.raises(RowConflict, match="exists already"):
        await store.add_token(token("t3", digest=b"t1"))
    assert await store.remove_token("t1")
    assert not await store.remove_token("t1")


async def test_sessions_move_their_end_and_go(store: DirectoryStore) -> None:
    await store.add_session(ONE, {"role": "owner", "since": AT}, AT + 10)
    assert await store.get_session(ONE) == SessionRow(
        digest=ONE, data={"role": "owner", "since": AT}, expires_at=AT + 10
    )
    assert await store.touch_session(ONE, AT + 20)
    session = await store.get_session(ONE)
    assert session is not None
    assert session.expires_at == AT + 20
    assert await store.remove_session(ONE)
    assert not await store.remove_session(ONE)
    assert not await store.touch_session(ONE, AT + 30)
    assert await store.get_session(ONE) is None


async def test_expired_sessions_are_removed_together(store: DirectoryStore) -> None:
    await store.add_session(ONE, {}, AT)
    await store.add_session(TWO, {}, AT + 1)
    assert await store.remove_expired_sessions(AT) == 1
    assert await store.get_session(ONE) is None
    assert await store.get_session(TWO) is not None


async def test_the_data_plane_sees_nothing_of_it(store: DirectoryStore) -> None:
    before = await store.version()
    await store.add_token(token())
    await store.add_session(ONE, {}, AT)
    await store.touch_session(ONE, AT + 1)
    assert await store.version() == before
