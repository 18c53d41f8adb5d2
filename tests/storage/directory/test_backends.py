import pytest

from headgate.model.directory import Permission
from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import backend


async def test_a_backend_comes_back_as_it_was_added(store: DirectoryStore) -> None:
    keyless = backend("b2", api_key_sealed=None, settings={})
    await store.add_backend(backend())
    await store.add_backend(keyless)
    assert await store.list_backends() == (backend(), keyless)
    assert await store.get_backend("b2") == keyless
    assert await store.get_backend("nothing") is None


async def test_only_the_given_fields_change(store: DirectoryStore) -> None:
    await store.add_backend(backend())
    changed = await store.change_backend("b1", speaks=("messages",), api_key_sealed=None)
    assert changed == backend(speaks=("messages",), api_key_sealed=None)
    assert await store.change_backend("nothing", name="x") is None


async def test_a_taken_name_is_a_conflict(store: DirectoryStore) -> None:
    await store.add_backend(backend())
    await store.add_backend(backend("b2"))
    with pytest.raises(RowConflict, match="'name-of-b1' exists already"):
        await store.add_backend(backend("b3", name="name-of-b1"))
    with pytest.raises(RowConflict, match="'name-of-b1' exists already"):
        await store.change_backend("b2", name="name-of-b1")


async def test_a_backend_goes_with_its_permissions(store: DirectoryStore) -> None:
    await store.add_backend(backend())
    await store.add_permission(Permission("alice", "b1"))
    await store.add_permission(Permission("alice", "of-the-file"))
    assert await store.remove_backend("b1")
    assert not await store.remove_backend("b1")
    assert await store.list_permissions() == (Permission("alice", "of-the-file"),)
