import pytest

from headgate.model.store_faults import TooMuch
from headgate.model.stored import Kept
from headgate.storage import stored_responses as module
from headgate.storage.engine import Database
from headgate.storage.stored_responses import MOST_ITEMS, StoredResponses
from tests.storage.stored_samples import OWNER, following, kept, stored


async def write(database: Database, *responses: Kept) -> StoredResponses:
    store = StoredResponses(database)
    for one in responses:
        await database.write(store.steps([one]))
    return store


async def test_a_response_comes_back_as_it_went(database: Database) -> None:
    record = stored("resp_1", backend="up", session="s", background=True, response='{"id":"ü"}')
    store = await write(database, kept(record))
    assert await store.get(OWNER, "resp_1") == record


async def test_what_is_another_ones_is_not_there(database: Database) -> None:
    store = await write(database, kept(stored("resp_1")))
    assert await store.get("bob", "resp_1") is None
    assert await store.of_items("bob", ["msg_1"]) == ()
    assert not await store.remove("bob", "resp_1")


async def test_the_newest_of_an_id_counts(database: Database) -> None:
    first = stored("resp_1", key="a")
    second = following(first, "resp_1", key="b", created_at=2000.0)
    store = await write(database, kept(first), kept(second))
    assert await store.get(OWNER, "resp_1") == second
    assert await store.chain("b") == (first, second)


async def test_a_chain_begins_with_its_oldest_link(database: Database) -> None:
    first = stored("resp_1")
    second = following(first, "resp_2")
    third, other = following(second, "resp_3"), following(first, "resp_4")
    store = await write(database, *map(kept, (first, second, third, other)))
    assert await store.chain(third.key) == (first, second, third)
    assert await store.chain(other.key) == (first, other)
    assert await store.chain("key-of-nobody") == ()


async def test_a_chain_ends_where_a_link_is_gone(database: Database) -> None:
    first = stored("resp_1")
    second = following(first, "resp_2")
    third = following(second, "resp_3")
    store = await write(database, *map(kept, (first, second, third)))
    assert await store.remove(OWNER, "resp_1")
    assert await store.chain(third.key) == (second, third)


async def test_a_chain_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINKS", 3)
    links = [stored("resp_0")]
    for number in range(1, 6):
        links.append(following(links[-1], f"resp_{number}"))
    store = await write(database, *map(kept, links))
    assert await store.chain(links[-1].key) == tuple(links[-3:])


async def test_a_chain_that_is_too_large_is_not_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored("resp_1", input="x" * 100)
    second = following(first, "resp_2", input="x" * 100)
    store = await write(database, kept(first), kept(second))
    monkeypatch.setattr(module, "MOST_BYTES", first.size + second.size)
    assert len(await store.chain(second.key)) == 2
    monkeypatch.setattr(module, "MOST_BYTES", first.size + second.size - 1)
    with pytest.raises(TooMuch):
        await store.chain(second.key)


async def test_going_on_from_a_chain_is_using_all_of_it(database: Database) -> None:
    day = module.TOUCH_AFTER_S
    first = stored("resp_1")
    second = following(first, "resp_2", created_at=1000.0 + day / 2, used_at=1000.0 + day / 2)
    third = following(second, "resp_3", created_at=1500.0 + day, used_at=1500.0 + day)
    store = await write(database, kept(first), kept(second))
    found = await store.get(OWNER, "resp_1")
    assert found is not None
    assert found.used_at == 1000.0
    await write(database, kept(third))
    used = [link.used_at for link in await store.chain(third.key)]
    assert used == [1500.0 + day, 1000.0 + day / 2, 1500.0 + day]


async def test_its_events_and_items_go_with_a_response(database: Database) -> None:
    record = stored("resp_1")
    store = await write(database, kept(record, events=b"data: {}\n\n", item_ids=("msg_1", "m2")))
    assert await store.events(record.key) == b"data: {}\n\n"
    assert await store.of_items(OWNER, ["m2", "msg_9"]) == (record,)
    assert await store.remove(OWNER, "resp_1")
    assert await store.get(OWNER, "resp_1") is None
    assert await store.events(record.key) == b""
    assert await store.of_items(OWNER, ["msg_1"]) == ()


async def test_a_request_may_refer_to_many_items_but_not_to_any_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = stored("resp_1")
    store = await write(database, kept(record, item_ids=("msg_1",)))
    ids = [f"msg_{number}" for number in range(3_000)]
    assert await store.of_items(OWNER, ids) == (record,)
    with pytest.raises(TooMuch):
        await store.of_items(OWNER, ["msg_1"] * (MOST_ITEMS + 1))
    monkeypatch.setattr("headgate.storage.stored_responses.MOST_BYTES", record.size - 1)
    with pytest.raises(TooMuch):
        await store.of_items(OWNER, ["msg_1"])


async def test_the_same_may_be_written_again(database: Database) -> None:
    one = kept(stored("resp_1"), events=b"a", item_ids=("msg_1",))
    store = await write(database, one, one)
    assert await store.get(OWNER, "resp_1") == one.stored


async def test_one_that_is_to_be_stopped_does_not_begin(database: Database) -> None:
    record = stored("resp_1", status="queued", worker="w", alive_at=1.0)
    store = await write(database, kept(record))
    assert await store.move(record.key, {"status": "cancelling"})
    assert not await store.move(record.key, {"status": "in_progress"})
    assert await store.alive("w", 7.0) == (record.key,)
    assert await store.move(record.key, {"status": "failed"})


async def test_a_running_response_moves_until_it_is_over(database: Database) -> None:
    record = stored("resp_1", status="queued", worker="w", alive_at=1.0)
    store = await write(database, kept(record))
    assert await store.running() == (record,)
    assert await store.move(record.key, {"status": "in_progress"})
    assert await store.alive("w", 7.0) == ()
    (found,) = await store.running()
    assert (found.status, found.alive_at) == ("in_progress", 7.0)
    assert await store.move(record.key, {"status": "cancelling"})
    assert await store.alive("w", 8.0) == (record.key,)
    assert await store.move(record.key, {"status": "cancelled"})
    assert not await store.move(record.key, {"status": "completed"})
    assert await store.running() == ()


async def test_the_stream_of_a_running_response_grows(database: Database) -> None:
    record = stored("resp_1", status="in_progress")
    store = await write(database, kept(record))
    await store.add_events(record.key, 0, b"one")
    await store.add_events(record.key, 1, b"two")
    assert await store.events(record.key) == b"onetwo"
    await database.write(store.steps([kept(record, events=b"onetwothree")]))
    assert await store.events(record.key) == b"onetwothree"
