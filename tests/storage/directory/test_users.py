import msgspec
import pytest

from headgate.model.directory import Permission
from headgate.model.limits import Limits
from headgate.model.store_faults import RowConflict, RowRefused
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import AT, backend, key, user


async def test_a_user_comes_back_as_it_was_added_with_its_first_key(store: DirectoryStore) -> None:
    await store.add_user(user(), key())
    assert await store.get_user("u1") == user()
    assert await store.list_users() == (user(),)
    assert await store.list_keys("u1") == (key(),)
    assert await store.get_user("nobody") is None


async def test_what_is_left_out_stays_left_out(store: DirectoryStore) -> None:
    bare = user(email=None, models=None, key_hint=None, limits=Limits(), is_active=False)
    await store.add_user(bare, key())
    assert await store.get_user("u1") == bare


async def test_a_taken_name_or_key_is_a_conflict_and_leaves_nothing(store: DirectoryStore) -> None:
    await store.add_user(user(), key())
    with pytest.raises(RowConflict, match="'name of u1' exists already"):
        await store.add_user(user("u2", name="name of u1"), key("k2", user_id="u2"))
    with pytest.raises(RowConflict, match="this key is in use already"):
        await store.add_user(user("u3"), key("k3", user_id="u3", digest=key().digest))
    assert [row.id for row in await store.list_users()] == ["u1"]


async def test_only_the_given_fields_change(store: DirectoryStore) -> None:
    await store.add_user(user(), key())
    limits = Limits(concurrent=2)
    changed = await store.change_user("u1", name="bob", limits=limits, is_active=False, models=None)
    assert changed == user(name="bob", limits=limits, is_active=False, models=None)
    assert await store.get_user("u1") == changed
    assert await store.change_user("u1") == changed
    assert await store.change_user("nobody", name="x") is None


async def test_a_change_to_a_taken_name_is_a_conflict(store: DirectoryStore) -> None:
    await store.add_user(user(), key())
    await store.add_user(user("u2"), key("k2", user_id="u2"))
    with pytest.raises(RowConflict, match="'name of u1' exists already"):
        await store.change_user("u2", name="name of u1")


@pytest.mark.parametrize("fields", [{"id": "u9"}, {"nonsense": 1}, {"source": "file"}])
async def test_what_cannot_change_is_refused(
    store: DirectoryStore, fields: dict[str, str | int]
) -> None:
    with pytest.raises(TypeError, match="nothing to change"):
        await store.change_user("u1", **fields)


async def test_half_a_character_is_refused(store: DirectoryStore) -> None:
    with pytest.raises(RowRefused):
        await store.add_user(user(models=("\ud800",)), key())


async def test_a_user_goes_with_keys_and_permissions(store: DirectoryStore) -> None:
    await store.add_user(user(), key())
    await store.add_user(user("u2", created_at=AT + 1), key("k2", user_id="u2"))
    await store.add_backend(backend())
    for user_id in ("u1", "u2"):
        await store.add_permission(Permission(user_id, "b1"))
    assert await store.remove_user("u1")
    assert not await store.remove_user("u1")
    directory = await store.load()
    assert [row.id for row in directory.users] == ["u2"]
    assert [row.id for row in directory.keys] == ["k2"]
    assert directory.permissions == (Permission("u2", "b1"),)
    again = msgspec.structs.replace(user(), name="name of u1")
    await store.add_user(again, key())
