import asyncio

import pytest

from headgate.model.store_faults import TooMuch
from headgate.model.stored import Conversation
from headgate.storage import conversations as module
from headgate.storage.conversations import Conversations
from headgate.storage.engine import Database
from tests.storage.stored_samples import OWNER, kept, stored

TALK = Conversation(owner=OWNER, id="conv_1", created_at=1.0, used_at=1.0, metadata={"a": "ü"})


async def made(database: Database, *items: str) -> Conversations:
    store = Conversations(database)
    await store.add(TALK, [(f"msg_{item}", f'"{item}"') for item in items])
    return store


async def test_a_conversation_comes_back_as_it_went(database: Database) -> None:
    store = await made(database, "a", "b")
    found = await store.get(OWNER, "conv_1")
    assert found is not None
    assert (found.id, found.metadata) == (TALK.id, TALK.metadata)
    assert await store.items(OWNER, "conv_1") == (("msg_a", '"a"'), ("msg_b", '"b"'))


async def test_what_is_another_ones_is_not_there(database: Database) -> None:
    store = await made(database, "a")
    assert await store.get("bob", "conv_1") is None
    assert await store.items("bob", "conv_1") == ()
    assert not await store.change("bob", "conv_1", {})
    assert not await store.remove("bob", "conv_1")
    await store.append("bob", "conv_1", 2.0, [("msg_x", "1")])
    assert await store.items(OWNER, "conv_1") == (("msg_a", '"a"'),)


async def test_items_are_added_and_taken_out(database: Database) -> None:
    store = await made(database)
    assert await store.items(OWNER, "conv_1") == ()
    await store.append(OWNER, "conv_1", 2.0, [("msg_a", "1"), ("msg_b", "2")])
    await store.append(OWNER, "conv_1", 3.0, [("msg_c", "3")])
    assert await store.remove_item(OWNER, "conv_1", "msg_b")
    assert not await store.remove_item(OWNER, "conv_1", "msg_b")
    assert await store.items(OWNER, "conv_1") == (("msg_a", "1"), ("msg_c", "3"))
    found = await store.get(OWNER, "conv_1")
    assert found is not None
    assert found.used_at == 3.0


async def test_two_who_write_at_once_do_not_mix(database: Database) -> None:
    store = await made(database)
    blocks = [[(f"m{who}{n}", str(n)) for n in range(5)] for who in range(8)]
    await asyncio.gather(*(store.append(OWNER, "conv_1", 2.0, block) for block in blocks))
    there = list(await store.items(OWNER, "conv_1"))
    found = [there[at : at + 5] for at in range(0, 40, 5)]
    assert sorted(found) == blocks


async def test_a_conversation_goes_with_its_items(database: Database) -> None:
    store = await made(database, "a")
    assert await store.change(OWNER, "conv_1", {"b": "1"})
    assert await store.remove(OWNER, "conv_1")
    assert await store.get(OWNER, "conv_1") is None
    assert await store.items(OWNER, "conv_1") == ()


async def test_a_response_brings_nothing_into_a_conversation_that_is_gone(
    database: Database,
) -> None:
    store = await made(database)
    said = kept(stored("resp_1"), conversation="conv_1", said=(("msg_a", "1"),))
    await database.write(store.steps([said]))
    await store.remove(OWNER, "conv_1")
    await database.write(store.steps([said]))
    assert await store.items(OWNER, "conv_1") == ()


async def test_a_conversation_that_is_too_large_is_not_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await made(database, "aaa", "bbb")
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    assert len(await store.items(OWNER, "conv_1")) == 2
    monkeypatch.setattr(module, "MOST_BYTES", 9)
    with pytest.raises(TooMuch):
        await store.items(OWNER, "conv_1")
