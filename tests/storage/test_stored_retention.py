import asyncio

import pytest

from headgate.model.store_faults import StoreUnreachable
from headgate.model.stored import Conversation
from headgate.storage.conversations import Conversations
from headgate.storage.engine import Database
from headgate.storage.stored_responses import StoredResponses
from headgate.storage.stored_retention import forget_before, forget_unused
from tests.storage.stored_samples import OWNER, kept, stored


async def fill(database: Database) -> StoredResponses:
    store = StoredResponses(database)
    for number in range(10):
        record = stored(f"resp_{number}", used_at=float(number))
        await database.write(store.steps([kept(record, events=b"x", item_ids=("m",))]))
        head = Conversation(owner=OWNER, id=f"c{number}", created_at=0.0, used_at=float(number))
        await Conversations(database).add(head, [("m", "1")])
    return store


async def test_what_was_used_before_is_deleted_in_batches(database: Database) -> None:
    store = await fill(database)
    assert await forget_before(database, 7.0, batch=2) == 14
    assert await store.get(OWNER, "resp_6") is None
    assert await store.get(OWNER, "resp_7") is not None
    assert await Conversations(database).get(OWNER, "c6") is None
    assert await Conversations(database).get(OWNER, "c7") is not None


@pytest.mark.parametrize(("retention_s", "left"), [(3.0, False), (0.0, True)])
async def test_it_is_done_at_once_and_then_every_hour(
    database: Database, retention_s: float, left: bool
) -> None:
    store = await fill(database)
    work = asyncio.ensure_future(forget_unused(database, lambda: retention_s, lambda: 100.0))
    while not left and await store.get(OWNER, "resp_9"):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await store.get(OWNER, "resp_9") is not None) is left
    work.cancel()


async def test_a_database_that_does_not_answer_is_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Down:
        name = "sqlite"

        async def write(self, steps: object) -> int:
            raise StoreUnreachable("no")

    work = asyncio.ensure_future(forget_unused(Down(), lambda: 1.0, lambda: 100.0))  # type: ignore[arg-type]
    while not caplog.records:
        await asyncio.sleep(0)
    assert not work.done()
    work.cancel()
