import json
from typing import Any

import pytest

from headgate.dialects.dialect import Ties
from headgate.model.stored import Kept
from headgate.pipeline.live import Live
from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.test_keeping import origin
from tests.storage.stored_samples import following, stored

OURS = "resp_ours"
TIES = Ties(background=True)


def live_of(ties: Ties = TIES, **fields: Any) -> tuple[Live, FakeMemory, list[str]]:
    memory = FakeMemory()
    stops: list[str] = []
    response = {"id": OURS, "status": "queued", "model": "fast", "output": []}
    live = Live(memory, origin(ties, **fields), response, lambda: stops.append("stop"))
    return live, memory, stops


def told(live: Live) -> list[dict[str, Any]]:
    return [json.loads(frame.data) for frame in sse.parse(b"".join(live.frames))]


def kinds(live: Live) -> list[str]:
    return [event["type"].removeprefix("response.") for event in told(live)]


def kept(memory: FakeMemory) -> tuple[Kept, dict[str, Any]]:
    (one,) = memory.kept.values()
    response: dict[str, Any] = json.loads(one.stored.response)
    return one, response


async def test_a_stream_is_told_under_our_id_and_our_numbers() -> None:
    live, memory, _ = live_of()
    assert kinds(live) == ["created", "queued"]
    await live.start(200, [])
    for piece in RESPONSES:
        await live.write(piece)
    await live.write(b": a heartbeat\n\n")
    await live.finish()
    events = told(live)
    assert [event["sequence_number"] for event in events] == list(range(11))
    assert kinds(live)[2:5] == ["in_progress", "output_item.added", "content_part.added"]
    assert kinds(live)[-1] == "completed"
    assert {event["response"]["id"] for event in events if "response" in event} == {OURS}
    one, response = kept(memory)
    assert one.events == b"".join(live.frames)
    assert (one.stored.status, one.stored.id, one.stored.backend) == ("completed", OURS, None)
    assert response["background"] is True
    assert response["output"][0]["content"][0]["text"] == "Hello"
    assert live.over


async def test_an_event_may_have_fields_of_any_name() -> None:
    live, _, _ = live_of()
    odd = {"type": "response.odd", "kind": "k", "self": "s", "frames": 1}
    await live.write(sse.write(json.dumps(odd).encode()))
    event = told(live)[-1]
    assert {**event, "sequence_number": 0} == {**odd, "sequence_number": 0}


async def test_what_comes_after_the_end_is_not_told() -> None:
    live, _, stops = live_of()
    await live.write(RESPONSES[-1])
    count = len(live.frames)
    await live.write(RESPONSES[0])
    await live.respond(500, [], b"")
    live.cancel()
    live.end()
    assert len(live.frames) == count
    assert not stops


async def test_a_whole_answer_is_told_as_a_stream() -> None:
    live, memory, _ = live_of()
    whole = json.loads(sse.parse(RESPONSES[-1])[0].data)["response"]
    await live.respond(200, [], json.dumps(whole).encode())
    assert kinds(live)[:3] == ["created", "queued", "in_progress"]
    assert kept(memory)[1]["status"] == "completed"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}',
         "rate_limit_exceeded", "Slow down."),
        (b"nonsense", "upstream_error", "The response could not be made."),
    ],
)  # fmt: skip
async def test_a_refusal_is_a_failed_response(body: bytes, code: str, message: str) -> None:
    live, memory, _ = live_of()
    await live.respond(429, [], body)
    assert kinds(live) == ["created", "queued", "error", "failed"]
    one, response = kept(memory)
    assert one.stored.status == "failed"
    assert response["error"] == {"code": code, "message": message}
    assert response["model"] == "fast"


async def test_a_stream_that_broke_off_keeps_what_it_had() -> None:
    live, memory, _ = live_of()
    for piece in RESPONSES[:-1]:
        await live.write(piece)
    failed = {"id": "resp_unknown", "status": "failed", "error": {"code": "x"}, "model": ""}
    event = {"type": "response.failed", "response": {**failed, "output": []}}
    await live.write(sse.write(json.dumps(event).encode(), "response.failed"))
    _, response = kept(memory)
    assert (response["id"], response["model"]) == (OURS, "mock-1")
    assert response["error"] == {"code": "x"}
    assert response["output"][0]["content"][0]["text"] == "Hello"


async def test_cancelling_stops_it_and_what_was_said_stays() -> None:
    live, memory, stops = live_of()
    for piece in RESPONSES[:8]:
        await live.write(piece)
    live.cancel()
    assert stops == ["stop"]
    assert not live.over
    live.abort()
    assert kinds(live)[-1] == "cancelled"
    one, response = kept(memory)
    assert (one.stored.status, response["status"]) == ("cancelled", "cancelled")
    assert response["output"]


async def test_what_nobody_finished_has_failed() -> None:
    live, memory, _ = live_of()
    live.end()
    assert kept(memory)[1]["error"]["message"] == "The response could not be finished."


async def test_it_goes_on_from_what_its_caller_said() -> None:
    previous = following(stored("resp_a"), "resp_b")
    live, memory, _ = live_of(Ties(background=True, previous="resp_b"), previous=previous)
    await live.write(RESPONSES[-1])
    one, response = kept(memory)
    assert response["previous_response_id"] == "resp_b"
    assert one.stored.root == previous.root


async def test_too_many_events_are_not_kept_but_the_response_is() -> None:
    live, memory, _ = live_of(most_bytes=900)
    for piece in RESPONSES:
        await live.write(piece)
    assert not live.whole
    assert b"response.completed" in live.last
    one, response = kept(memory)
    assert one.events == b""
    assert response["output"]


async def test_who_listens_hears_of_everything() -> None:
    live, _, _ = live_of()
    with live.heard() as happened:
        assert not happened.is_set()
        await live.write(RESPONSES[0])
        assert happened.is_set()
        happened.clear()
    await live.write(RESPONSES[-1])
    assert not happened.is_set()


async def test_it_is_a_caller_that_has_asked_and_never_leaves() -> None:
    live, _, _ = live_of()
    assert (await live.read_body(9), await live.read_piece()) == (b"", b"")
    live.on_leave(lambda: pytest.fail("it never leaves"))
    pushed: object = live.pushing()  # type: ignore[func-returns-value]
    assert pushed is None
    live.end()
