import pytest

from headgate.model.directory import Permission
from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore


async def test_permissions_are_given_once_and_taken_once(store: DirectoryStore) -> None:
    for user_id, backend_id in (("b", "x"), ("a", "y"), ("a", "x")):
        await store.add_permission(Permission(user_id, backend_id))
    with pytest.raises(RowConflict, match="already"):
        await store.add_permission(Permission("a", "x"))
    assert await store.remove_permission("a", "x")
    assert not await store.remove_permission("a", "x")
    assert await store.list_permissions() == (Permission("a", "y"), Permission("b", "x"))
