import pytest

from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import policy


async def _order(store: DirectoryStore) -> str:
    return "".join(row.id for row in await store.list_policies())


async def test_policies_are_added_changed_and_removed(store: DirectoryStore) -> None:
    await store.add_policy(policy())
    with pytest.raises(RowConflict, match="exists already"):
        await store.add_policy(policy())
    changed = policy(is_active=True, entry={"policy": "other"})
    assert await store.change_policy("p1", is_active=True, entry={"policy": "other"}) == changed
    assert await store.get_policy("p1") == changed
    assert await store.remove_policy("p1")
    assert not await store.remove_policy("p1")
    assert await store.change_policy("p1", is_active=True) is None


async def test_the_chain_has_the_order_that_was_given(store: DirectoryStore) -> None:
    for position, policy_id in enumerate("abc"):
        await store.add_policy(policy(policy_id, position=position))
    assert await store.reorder_policies(["c", "a", "b"])
    assert await _order(store) == "cab"
    assert [row.position for row in await store.list_policies()] == [0, 1, 2]


@pytest.mark.parametrize("ids", [["a", "b"], ["a", "b", "c", "d"], ["a", "a", "b"], []])
async def test_an_order_of_other_policies_is_no_order(
    store: DirectoryStore, ids: list[str]
) -> None:
    for position, policy_id in enumerate("abc"):
        await store.add_policy(policy(policy_id, position=position))
    assert not await store.reorder_policies(ids)
    assert await _order(store) == "abc"


async def test_an_empty_chain_can_be_ordered(store: DirectoryStore) -> None:
    assert await store.reorder_policies([])
