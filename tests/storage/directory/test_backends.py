import pytest

from headgate.model.directory import Permission
from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import backend, model


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


async def test_models_follow_a_backend_to_its_new_name(store: DirectoryStore) -> None:
    await store.add_backend(backend())
    there = {"backend": "name-of-b1", "model": "gpt", "weight": 3}
    elsewhere = {"backend": "up", "model": "gpt"}
    both = {"targets": [there, elsewhere], "retries": 0}
    await store.add_model(model("m1", settings=both))
    await store.add_model(model("m2", settings={"targets": [elsewhere]}))
    await store.change_backend("b1", name="new-name", is_active=True)
    first, second = await store.list_models()
    assert first.settings == {
        "targets": [{**there, "backend": "new-name"}, elsewhere],
        "retries": 0,
    }
    assert second.settings == {"targets": [elsewhere]}


async def test_a_name_that_is_refused_moves_no_model(store: DirectoryStore) -> None:
    await store.add_backend(backend())
    await store.add_backend(backend("b2"))
    settings = {"targets": [{"backend": "name-of-b2", "model": "gpt"}]}
    await store.add_model(model("m1", settings=settings))
    with pytest.raises(RowConflict):
        await store.change_backend("b2", name="name-of-b1")
    assert [row.settings for row in await store.list_models()] == [settings]
