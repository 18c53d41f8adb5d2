import msgspec
import pytest

from headgate.model.directory import AdministratorRow
from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from tests.storage.directory.samples import AT, NOTE

ALICE = AdministratorRow(
    id="a1", name="alice", role="admin", password_hash="$one", generation=3, created_at=AT
)
BOB = AdministratorRow(id="a2", name="bob", role="viewer", password_hash="$two", created_at=AT + 1)


async def test_administrators_are_kept_and_found_by_id_and_name(store: DirectoryStore) -> None:
    before = await store.version()
    await store.add_administrator(BOB)
    await store.noting(**NOTE).add_administrator(ALICE)
    assert await store.list_administrators() == (ALICE, BOB)
    assert await store.get_administrator("a1") == await store.find_administrator("alice") == ALICE
    assert await store.get_administrator("alice") is None
    assert await store.find_administrator("a1") is None
    assert await store.remove_administrator("a2")
    assert not await store.remove_administrator("a2")
    assert await store.version() == before
    assert len(await store.list_audit(9, 0)) == 1


async def test_a_name_is_taken_once(store: DirectoryStore) -> None:
    await store.add_administrator(ALICE)
    await store.add_administrator(BOB)
    again = msgspec.structs.replace(ALICE, id="a3")
    with pytest.raises(RowConflict, match="an administrator with this name exists already"):
        await store.add_administrator(again)
    with pytest.raises(RowConflict, match="an administrator with this name exists already"):
        await store.change_administrator("a2", ends_sessions=False, name="alice")
    with pytest.raises(RowConflict, match="this administrator exists already"):
        await store.add_administrator(msgspec.structs.replace(ALICE, name="other"))


async def test_a_change_ends_sessions_where_it_says_so(store: DirectoryStore) -> None:
    await store.add_administrator(ALICE)
    changed = await store.change_administrator("a1", ends_sessions=False, role="owner")
    assert changed == msgspec.structs.replace(ALICE, role="owner")
    changed = await store.change_administrator("a1", ends_sessions=True, is_active=False)
    assert changed is not None
    assert (changed.generation, changed.is_active) == (4, False)
    assert await store.change_administrator("a1", ends_sessions=False) == changed
    assert await store.change_administrator("a9", ends_sessions=True, role="owner") is None


async def test_a_password_is_replaced_only_where_it_is_the_known_one(
    store: DirectoryStore,
) -> None:
    await store.add_administrator(ALICE)
    assert await store.rehash_password(ALICE, "$stronger")
    assert not await store.replace_password(ALICE, "$late")
    now = await store.get_administrator("a1")
    assert now == msgspec.structs.replace(ALICE, password_hash="$stronger")
    assert await store.replace_password(now, "$new")
    now = await store.get_administrator("a1")
    assert now == msgspec.structs.replace(ALICE, password_hash="$new", generation=4)
    assert not await store.rehash_password(ALICE, "$late")
