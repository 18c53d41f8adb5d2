import asyncio

import pytest
from sqlalchemy import delete, insert, update

from headgate.storage.directory import DirectoryStore
from headgate.storage.directory.audit_end import EndSeal, Tail, read_tail
from headgate.storage.directory.chain import Link, Note, next_row
from headgate.storage.directory_tables import audit, audit_end
from headgate.storage.engine import Database
from headgate.storage.sql import Step
from tests.storage.directory.samples import AT, NOTE

OLD, NEW = b"old".ljust(32), b"new".ljust(32)


@pytest.fixture
async def sealed(database: Database) -> DirectoryStore:
    """A directory whose log was sealed from its beginning."""
    store = DirectoryStore(database, seal=EndSeal([OLD]))
    await store.seal_audit()
    return store


async def _append(store: DirectoryStore, *subjects: str) -> None:
    for subject in subjects:
        await store.append_audit(**{**NOTE, "subject": subject})


async def _cut(database: Database, row_id: int) -> None:
    assert await database.write([Step(delete(audit).where(audit.c.id >= row_id))])


async def test_the_tail_is_the_last_row_and_what_was_sealed(
    database: Database, store: DirectoryStore, sealed: DirectoryStore
) -> None:
    tail = await read_tail(database)
    assert tail == Tail(Link(), Link(), EndSeal([OLD]).of(Link()))
    await _append(sealed, "a", "b")
    newest = (await store.list_audit(1, 0))[0]
    tail = await read_tail(database)
    assert tail.last == tail.sealed == Link(2, newest.chain)
    await _append(store, "c")
    tail = await read_tail(database)
    assert (tail.last.id, tail.sealed and tail.sealed.id) == (3, 2)


async def test_without_a_seal_there_is_none_to_read(database: Database) -> None:
    assert await read_tail(database) == Tail(Link(), None, b"")


async def test_a_sealed_log_holds_while_it_grows(sealed: DirectoryStore) -> None:
    assert await sealed.verify_audit()
    await asyncio.gather(*(_append(sealed, name) for name in "abcdef"))
    assert await sealed.verify_audit()


@pytest.mark.parametrize("first_gone", [3, 2, 1])
async def test_rows_cut_off_at_the_end_are_noticed_for_good(
    sealed: DirectoryStore, database: Database, first_gone: int
) -> None:
    await _append(sealed, "a", "b", "c")
    await _cut(database, first_gone)
    assert not await sealed.verify_audit()
    await _append(sealed, "d", "e", "f", "g")
    assert not await sealed.verify_audit()


async def test_rows_made_up_at_the_end_are_noticed(
    sealed: DirectoryStore, database: Database
) -> None:
    await _append(sealed, "a")
    forged = next_row((await read_tail(database)).last, Note(**NOTE))
    await database.write([Step(insert(audit), (forged,))])
    assert not await sealed.verify_audit()


async def test_a_log_that_was_written_anew_is_noticed(
    sealed: DirectoryStore, database: Database
) -> None:
    await _append(sealed, "a", "b")
    await _cut(database, 1)
    last = Link()
    for subject in ("x", "b"):
        row = next_row(last, Note(**{**NOTE, "subject": subject}))
        last = Link(row["id"], row["chain"])
        await database.write([Step(insert(audit), (row,))])
    moved = update(audit_end).values(row_id=last.id, chain=last.chain)
    await database.write([Step(moved)])
    assert not await sealed.verify_audit()


async def test_a_seal_that_was_taken_away_is_missed(
    sealed: DirectoryStore, database: Database
) -> None:
    await _append(sealed, "a", "b")
    await database.write([Step(delete(audit_end))])
    await _cut(database, 2)
    await sealed.seal_audit()
    assert not await sealed.verify_audit()


async def test_a_new_secret_key_seals_anew_at_the_start_and_no_other_can(
    sealed: DirectoryStore, database: Database
) -> None:
    await _append(sealed, "a")
    newest = DirectoryStore(database, seal=EndSeal([NEW]))
    await newest.seal_audit()
    assert not await newest.verify_audit()
    both = DirectoryStore(database, seal=EndSeal([NEW, OLD]))
    assert await both.verify_audit()
    await both.seal_audit()
    await both.seal_audit()
    assert await newest.verify_audit()
    assert not await sealed.verify_audit()


async def test_an_owner_may_seal_what_is_there_and_that_is_noted(
    store: DirectoryStore, database: Database
) -> None:
    await _append(store, "before there were seals")
    late = DirectoryStore(database, seal=EndSeal([OLD]))
    await late.seal_audit()
    assert not await late.verify_audit()
    await late.reseal_audit(at=AT, actor="alice")
    await _append(late, "c")
    assert await late.verify_audit()
    assert [(row.action, row.actor) for row in await late.list_audit(9, 0)][1] == (
        "audit.seal",
        "alice",
    )
    await _cut(database, 3)
    await late.reseal_audit(at=AT, actor="alice")
    assert await late.verify_audit()


async def test_a_store_without_the_key_leaves_the_seal_alone(
    store: DirectoryStore, database: Database
) -> None:
    await store.seal_audit()
    await store.reseal_audit(at=AT, actor="alice")
    assert (await read_tail(database)).sealed is None
    assert await store.verify_audit()
