import pytest

from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import AT, key, user


@pytest.fixture(autouse=True)
async def _alice(store: DirectoryStore) -> None:
    await store.add_user(user(), key(expires_at=None))


async def test_a_user_may_have_several_keys(store: DirectoryStore) -> None:
    bare = key("k2", created_at=AT + 1, backends=None, models=None, paths=None, cidrs=None)
    await store.add_key(bare)
    assert await store.list_keys("u1") == (key(expires_at=None), bare)
    assert await store.list_keys("nobody") == ()


async def test_a_taken_key_and_an_unknown_user_are_conflicts(store: DirectoryStore) -> None:
    with pytest.raises(RowConflict, match="in use already"):
        await store.add_key(key("k2", digest=key().digest))
    with pytest.raises(RowConflict, match="no user 'nobody'"):
        await store.add_key(key("k2", user_id="nobody"))
    with pytest.raises(RowConflict, match="with this id"):
        await store.add_key(key("k1", digest=b"another"))


async def test_a_key_is_revoked_once(store: DirectoryStore) -> None:
    assert await store.revoke_key("k1", AT + 5)
    assert not await store.revoke_key("k1", AT + 6)
    assert not await store.revoke_key("nothing", AT + 6)
    assert [row.revoked_at for row in await store.list_keys("u1")] == [AT + 5]


async def test_keys_are_replaced_at_once(store: DirectoryStore) -> None:
    new = key("k2", created_at=AT + 9, hint="new4")
    assert await store.replace_keys("u1", new, None)
    assert [(row.id, row.revoked_at) for row in await store.list_keys("u1")] == [
        ("k1", AT + 9),
        ("k2", None),
    ]
    changed = await store.get_user("u1")
    assert changed is not None
    assert changed.key_hint == "new4"


async def test_the_old_keys_live_on_for_a_while_but_none_longer_than_before(
    store: DirectoryStore,
) -> None:
    await store.add_key(key("k2", created_at=AT + 1, expires_at=AT + 20))
    await store.add_key(key("k3", created_at=AT + 2, expires_at=AT + 900))
    assert await store.replace_keys("u1", key("k4", created_at=AT + 9), AT + 60)
    assert [(row.id, row.expires_at) for row in await store.list_keys("u1")] == [
        ("k1", AT + 60),
        ("k2", AT + 20),
        ("k3", AT + 60),
        ("k4", AT + 100),
    ]


async def test_nobodys_keys_cannot_be_replaced(store: DirectoryStore) -> None:
    before = await store.version()
    assert not await store.replace_keys("nobody", key("k2", user_id="nobody"), None)
    assert await store.version() == before


async def test_uses_are_noted_and_the_data_plane_is_left_in_peace(store: DirectoryStore) -> None:
    await store.add_key(key("k2", created_at=AT + 1))
    before = await store.version()
    await store.note_uses({"k1": AT + 1, "k2": AT + 2, "gone": AT + 3})
    assert [row.last_used_at for row in await store.list_keys("u1")] == [AT + 1, AT + 2]
    assert await store.version() == before
