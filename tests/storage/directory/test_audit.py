import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from headgate.model.store_faults import RowConflict
from headgate.storage.directory import DirectoryStore
from headgate.storage.directory import audit as audit_file
from headgate.storage.directory_tables import audit
from headgate.storage.engine import Database
from headgate.storage.sql import Step
from tests.storage.directory.samples import NOTE, key, user


async def _append(store: DirectoryStore, *subjects: str) -> None:
    for subject in subjects:
        await store.append_audit(**{**NOTE, "subject": subject})


async def test_rows_come_newest_first_and_follow_from_each_other(store: DirectoryStore) -> None:
    assert await store.verify_audit()
    await _append(store, "a", "b\x00\ud800", "c")
    rows = await store.list_audit(10, 0)
    assert [(row.id, row.subject) for row in rows] == [(3, "c"), (2, "b?"), (1, "a")]
    assert rows[2].detail == NOTE["detail"]
    assert [row.id for row in await store.list_audit(1, 1)] == [2]
    assert len({row.chain for row in rows}) == 3
    assert await store.verify_audit()


async def test_long_logs_are_verified_in_batches(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_file, "_BATCH", 2)
    await _append(store, *"abcde")
    assert await store.verify_audit()


TAMPERED: dict[str, Any] = {
    "a changed row": update(audit).where(audit.c.id == 2).values(actor="nobody"),
    "a changed detail": update(audit).where(audit.c.id == 1).values(detail="{}"),
    "a missing row": delete(audit).where(audit.c.id == 2),
    "a missing beginning": delete(audit).where(audit.c.id == 1),
    "a row that was made up": insert(audit).from_select(
        [column.name for column in audit.columns],
        select(
            audit.c.id + 3,
            *(audit.c[n] for n in ("at", "actor", "action", "subject", "detail", "chain")),
        ).where(audit.c.id == 1),
    ),
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_what_was_tampered_with_is_noticed(
    store: DirectoryStore, database: Database, statement: Any
) -> None:
    await _append(store, "a", "b", "c")
    assert await database.write([Step(statement)]) == 1
    assert not await store.verify_audit()


async def test_a_write_is_noted_in_its_own_transaction(store: DirectoryStore) -> None:
    await store.noting(**NOTE).add_user(user(), key())
    with pytest.raises(RowConflict):
        await store.noting(**NOTE).add_user(user(), key())
    assert await store.noting(**NOTE).change_user("nobody", name="x") is None
    assert not await store.noting(**NOTE).remove_user("nobody")
    assert len(await store.list_audit(10, 0)) == 1
    assert await store.noting(**{**NOTE, "action": "DELETE"}).remove_user("u1")
    assert [row.action for row in await store.list_audit(10, 0)] == ["DELETE", NOTE["action"]]


async def test_many_writers_make_one_chain(store: DirectoryStore) -> None:
    names = [f"u{number}" for number in range(8)]
    await asyncio.gather(
        *(
            store.noting(**{**NOTE, "subject": name}).add_user(user(name), key(name, user_id=name))
            for name in names
        )
    )
    assert sorted(row.subject for row in await store.list_audit(99, 0)) == names
    assert await store.verify_audit()
