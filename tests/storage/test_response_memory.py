import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.model.stored import Conversation, Kept
from headgate.storage import response_memory as module
from headgate.storage.engine import Database
from headgate.storage.response_memory import ResponseMemory
from headgate.storage.sql import Row, Step
from tests.storage.fakes import rows_of
from tests.storage.stored_samples import OWNER, following, kept, stored


class Faulty:
    """A database that does not write while it is ``down``, and never what holds ``poison``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.name = database.name
        self.fetch = database.fetch
        self.down = False
        self.poison = "no such"

    async def write(self, steps: Sequence[Step]) -> int:
        if self.down:
            raise StoreUnreachable("down")
        if any(row.get("id") == self.poison for step in steps for row in rows_of(step)):
            raise RowRefused("poison")
        return await self._database.write(steps)


def over(database: Database) -> tuple[Faulty, ResponseMemory]:
    faulty = Faulty(database)
    return faulty, ResponseMemory(faulty, look_again_s=())  # type: ignore[arg-type]


async def test_what_is_kept_is_found_at_once_and_written_later(database: Database) -> None:
    faulty, memory = over(database)
    faulty.down = True
    first = kept(stored("resp_1"), events=b"abc")
    second = kept(following(first.stored, "resp_2"))
    memory.keep(first)
    memory.keep(second)
    assert await memory.get(OWNER, "resp_2") == second.stored
    assert await memory.get("bob", "resp_2") is None
    assert await memory.chain(second.stored) == (first.stored, second.stored)
    assert await memory.events(first.stored) == b"abc"
    with pytest.raises(StoreUnreachable):
        await memory.settled()
    faulty.down = False
    await memory.settled()
    _, other = over(database)
    assert await other.chain(second.stored) == (first.stored, second.stored)
    assert await other.events(first.stored) == b"abc"


async def test_a_chain_may_be_half_written(database: Database) -> None:
    faulty, memory = over(database)
    first = stored("resp_1")
    second = following(first, "resp_2")
    third = following(second, "resp_3")
    memory.keep(kept(first))
    memory.keep(kept(second))
    await memory.settled()
    faulty.down = True
    memory.keep(kept(third))
    assert await memory.chain(third) == (first, second, third)


async def test_what_another_worker_is_just_writing_is_waited_for(database: Database) -> None:
    _, theirs = over(database)
    looked = asyncio.Event()

    class Looking(Faulty):
        def __init__(self) -> None:
            super().__init__(database)
            self.fetch = self._look

        async def _look(self, statement: ClauseElement) -> list[Row]:
            rows = await database.fetch(statement)
            looked.set()
            return rows

    mine = ResponseMemory(Looking(), look_again_s=(0.0,) * 10_000)  # type: ignore[arg-type]
    asked = asyncio.ensure_future(mine.get(OWNER, "resp_1"))
    await looked.wait()
    theirs.keep(kept(stored("resp_1")))
    await theirs.settled()
    assert await asked == stored("resp_1")


async def test_the_writer_goes_on_after_the_database_was_down(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY_S", 0.0)
    faulty, memory = over(database)
    faulty.down = True
    memory.keep(kept(stored("resp_1")))
    work = asyncio.ensure_future(memory.write())
    while not caplog.records:
        await asyncio.sleep(0)
    faulty.down = False
    _, other = over(database)
    while await other.get(OWNER, "resp_1") is None:
        await asyncio.sleep(0)
    work.cancel()


async def test_one_that_the_database_refuses_does_not_keep_others_back(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    faulty, memory = over(database)
    faulty.poison = "resp_2"
    for number in range(1, 4):
        memory.keep(kept(stored(f"resp_{number}")))
    await memory.settled()
    found = [await memory.get(OWNER, f"resp_{number}") for number in range(1, 4)]
    assert [one is not None for one in found] == [True, False, True]
    assert "refused" in caplog.text


async def test_what_waits_is_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING_BYTES", 100)
    _, memory = over(database)
    for number in range(1, 4):
        memory.keep(kept(stored(f"resp_{number}"), events=bytes(60)))
    assert await memory.get(OWNER, "resp_1") is None
    assert await memory.get(OWNER, "resp_3") is not None
    assert "too many wait" in caplog.text


async def test_the_end_writes_what_is_left(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    faulty, memory = over(database)
    memory.keep(kept(stored("resp_1")))
    await memory.aclose()
    _, other = over(database)
    assert await other.get(OWNER, "resp_1") is not None
    faulty.down = True
    memory.keep(kept(stored("resp_2")))
    await memory.aclose()
    assert "1 responses were not stored" in caplog.text


async def test_a_later_state_replaces_an_earlier_one(database: Database) -> None:
    _, memory = over(database)
    memory.keep(kept(stored("resp_1", status="queued")))
    memory.keep(kept(stored("resp_1", status="completed")))
    await memory.settled()
    found = await memory.get(OWNER, "resp_1")
    assert found is not None
    assert found.status == "completed"


async def test_what_is_removed_is_not_written_afterwards(database: Database) -> None:
    _, memory = over(database)
    memory.keep(kept(stored("resp_1"), item_ids=("msg_1",)))
    assert await memory.of_items(OWNER, ["msg_1"]) == (stored("resp_1"),)
    memory.keep(kept(stored("resp_2")))
    assert await memory.remove(OWNER, "resp_2")
    assert await memory.get(OWNER, "resp_2") is None


async def test_a_conversation_has_what_was_just_said_in_it(database: Database) -> None:
    _, memory = over(database)
    head = Conversation(owner=OWNER, id="conv_1", created_at=1.0, used_at=1.0)
    await memory.add_conversation(head, [("msg_a", "1")])
    said: Kept = kept(stored("resp_1"), conversation="conv_1", said=(("msg_b", "2"),))
    memory.keep(said)
    assert await memory.items(OWNER, "conv_1") == (("msg_a", "1"), ("msg_b", "2"))
    await memory.append_items(OWNER, "conv_1", 2.0, [("msg_c", "3")])
    assert await memory.remove_item(OWNER, "conv_1", "msg_a")
    assert [id_ for id_, _ in await memory.items(OWNER, "conv_1")] == ["msg_b", "msg_c"]
    assert await memory.change_conversation(OWNER, "conv_1", {"a": "b"})
    found = await memory.get_conversation(OWNER, "conv_1")
    assert found is not None
    assert found.metadata == {"a": "b"}
    assert await memory.remove_conversation(OWNER, "conv_1")
    assert await memory.get_conversation(OWNER, "conv_1") is None
