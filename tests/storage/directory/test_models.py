import pytest

from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import model


async def test_models_are_added_changed_and_removed(store: DirectoryStore) -> None:
    await store.add_model(model("m2"))
    await store.add_model(model())
    assert await store.list_models() == (model(), model("m2"))
    assert await store.change_model("m1", settings={"targets": []}) == model(
        settings={"targets": []}
    )
    assert await store.get_model("m2") == model("m2")
    assert await store.remove_model("m1")
    assert not await store.remove_model("m1")
    assert await store.get_model("m1") is None
    assert await store.change_model("m1", name="x") is None


async def test_a_taken_name_is_a_conflict(store: DirectoryStore) -> None:
    await store.add_model(model())
    with pytest.raises(RowConflict, match="'name of m1' exists already"):
        await store.add_model(model("m2", name="name of m1"))
    await store.add_model(model("m2"))
    with pytest.raises(RowConflict, match="'name of m1' exists already"):
        await store.change_model("m2", name="name of m1")
