import json
from typing import Any

from headgate.dialects.dialect import Ties
from headgate.model.stored import StoredResponse
from headgate.pipeline.keeping import Keeping, Origin
from tests.dialects.responses.test_stored import WHOLE
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.storage.stored_samples import following, message, stored

FREE = Ties()


def origin(ties: Ties = FREE, **fields: Any) -> Origin:
    body = json.dumps({"model": "m", "input": "hi"}).encode()
    made: dict[str, Any] = {"key": "req_1", "owner": "alice", "at": 5.0, "seed": "s", "body": body}
    return Origin(**{**made, "ties": ties, **fields})


def keeping(memory: FakeMemory, made: Origin | None = None) -> Keeping:
    return Keeping(memory, made or origin())


def only(memory: FakeMemory) -> StoredResponse:
    (kept,) = memory.kept.values()
    return kept.stored


def test_a_stream_is_kept_when_its_last_event_is_about_to_be_said() -> None:
    memory = FakeMemory()
    one = keeping(memory)
    assert [one.take(piece) for piece in RESPONSES] == [False] * 9
    (kept,) = memory.kept.values()
    assert kept.events == b"".join(RESPONSES)
    assert kept.item_ids[1:] == ("msg_1",)
    record = kept.stored
    assert (record.id, record.status, record.root) == ("resp_1", "completed", "req_1")
    (own,) = json.loads(record.input)
    assert own == message("user", "hi", id=own["id"])


def test_nothing_is_kept_of_what_breaks_off() -> None:
    memory = FakeMemory()
    one = keeping(memory)
    for piece in RESPONSES[:-1]:
        one.take(piece)
    assert not memory.kept


def test_a_whole_answer_is_kept_with_what_its_caller_said_of_it() -> None:
    memory = FakeMemory()
    previous = following(stored("resp_a"), "resp_b")
    made = origin(Ties(previous="resp_b"), previous=previous, session="s")
    one = keeping(memory, made)
    one.backend = "up"
    assert not one.take_whole(json.dumps(WHOLE).encode())
    record = only(memory)
    assert (record.previous, record.root) == (previous.key, previous.root)
    assert (record.backend, record.session) == ("up", "s")
    told = json.loads(record.response)
    assert told["previous_response_id"] == "resp_b"
    assert (told["store"], told["background"]) == (True, False)


def test_a_backend_that_says_it_keeps_nothing_is_not_believed_to() -> None:
    memory = FakeMemory()
    one = keeping(memory)
    one.backend = "up"
    one.take_whole(json.dumps({**WHOLE, "store": False}).encode())
    assert only(memory).backend is None


def test_what_is_no_response_is_not_kept() -> None:
    memory = FakeMemory()
    one = keeping(memory)
    assert not one.take_whole(b"[1]")
    assert not one.take_whole(b'{"ok":true}')
    assert not memory.kept


def test_what_is_too_large_is_not_kept() -> None:
    memory = FakeMemory()
    for made in (origin(most_bytes=100), origin(most_bytes=10)):
        one = keeping(memory, made)
        for piece in RESPONSES:
            one.take(piece)
        one.take_whole(json.dumps(WHOLE).encode())
    assert not memory.kept


async def test_what_is_said_in_a_conversation_is_settled_before_its_end_is_told() -> None:
    memory = FakeMemory()
    memory.said["alice", "conv_1"] = []
    one = keeping(memory, origin(Ties(conversation="conv_1")))
    assert [one.take(piece) for piece in RESPONSES][-1]
    said = [json.loads(item) for _, item in memory.said["alice", "conv_1"]]
    assert [item["role"] for item in said] == ["user", "assistant"]
    assert json.loads(only(memory).response)["conversation"] == {"id": "conv_1"}
    await one.settled()
    memory.down = True
    await one.settled()
    assert memory.settlings == 2


def test_what_failed_adds_nothing_to_a_conversation() -> None:
    memory = FakeMemory()
    memory.said["alice", "conv_1"] = []
    one = keeping(memory, origin(Ties(conversation="conv_1")))
    one.take_whole(json.dumps({**WHOLE, "status": "failed"}).encode())
    assert only(memory).status == "failed"
    assert memory.said["alice", "conv_1"] == []
