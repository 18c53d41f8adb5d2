import pytest

from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import rewrite


async def test_rewrites_are_added_changed_and_removed(store: DirectoryStore) -> None:
    await store.add_rewrite(rewrite("r2"))
    await store.add_rewrite(rewrite())
    assert await store.list_rewrites() == (rewrite(), rewrite("r2"))
    changed = rewrite(force=False, is_active=True, note="")
    assert await store.change_rewrite("r1", force=False, is_active=True, note="") == changed
    assert await store.get_rewrite("r1") == changed
    assert await store.remove_rewrite("r1")
    assert not await store.remove_rewrite("r1")
    assert await store.get_rewrite("r1") is None
    assert await store.change_rewrite("r1", note="x") is None


async def test_a_taken_source_is_a_conflict(store: DirectoryStore) -> None:
    await store.add_rewrite(rewrite())
    await store.add_rewrite(rewrite("r2"))
    with pytest.raises(RowConflict, match="'source of r1' exists already"):
        await store.add_rewrite(rewrite("r3", source_model="source of r1"))
    with pytest.raises(RowConflict, match="'source of r1' exists already"):
        await store.change_rewrite("r2", source_model="source of r1")
