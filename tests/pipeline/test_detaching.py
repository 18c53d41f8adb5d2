import asyncio
import json
from typing import Any

import pytest

from headgate.pipeline.snapshot import Settings
from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, error_in, refusal


def scene_of(*plans: Plan, **asked: Any) -> tuple[Scene, FakeMemory]:
    usual = {"backends": [backend(speaks=("responses",))], "input": "hi", "background": True}
    scene = Scene(*plans, **{"dialect": "responses", **usual, **asked})
    memory = scene.gateway.memory = FakeMemory()
    return scene, memory


def response_in(memory: FakeMemory) -> dict[str, Any]:
    (kept,) = memory.kept.values()
    response: dict[str, Any] = json.loads(kept.stored.response)
    return response


async def test_the_caller_is_answered_before_any_backend_is_asked() -> None:
    answer = FakeAnswer(*RESPONSES, held=True)
    scene, memory = scene_of(answer)
    running = await scene.run_until(scene.upstream.asked)
    caller = scene.downstream
    told = json.loads(caller.body)
    assert (caller.status, caller.ending) == (200, "finished")
    assert (told["status"], told["background"], told["output"]) == ("queued", True, [])
    assert response_in(memory)["id"] == told["id"]
    (key,) = scene.gateway.runs.lives
    answer.go.set()
    await running
    assert not scene.gateway.runs.lives
    assert response_in(memory)["status"] == "completed"
    assert memory.kept[key].stored.id == told["id"]
    assert scene.outcome == "complete"


async def test_the_backend_streams_and_knows_nothing_of_a_background() -> None:
    scene, _ = scene_of(FakeAnswer(*RESPONSES))
    await scene.run()
    (call,) = scene.upstream.calls
    assert isinstance(call.body, bytes)
    body = json.loads(call.body)
    assert (body["background"], body["stream"]) == (False, True)


async def test_the_caller_may_watch() -> None:
    scene, memory = scene_of(FakeAnswer(*RESPONSES), stream=True)
    caller = await scene.run()
    assert caller.ending == "finished"
    events = [json.loads(frame.data) for frame in sse.parse(caller.body)]
    assert [event["type"] for event in events[:3]] == [
        "response.created", "response.queued", "response.in_progress",
    ]  # fmt: skip
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["id"] == response_in(memory)["id"]


async def test_a_caller_that_leaves_does_not_end_it() -> None:
    scene, memory = scene_of(FakeAnswer(*RESPONSES), stream=True)
    scene.downstream.leave_at = b"response.queued"
    await scene.run()
    assert response_in(memory)["status"] == "completed"
    assert scene.outcome == "complete"


async def test_a_caller_that_left_before_it_was_answered_does_not_end_it() -> None:
    scene, memory = scene_of(FakeAnswer(*RESPONSES))
    scene.downstream.leave_at = b"queued"
    await scene.run()
    assert response_in(memory)["status"] == "completed"


async def test_a_failing_backend_is_a_failed_response() -> None:
    scene, memory = scene_of(refusal(400, "no such thing"))
    caller = await scene.run()
    assert caller.status == 200
    response = response_in(memory)
    assert (response["status"], response["error"]["message"]) == ("failed", "no such thing")


async def test_cancelling_cancels_the_backends_call() -> None:
    answer = FakeAnswer(*RESPONSES[:4], then="wait")
    scene, memory = scene_of(answer)
    running = await scene.run_until(answer.dry)
    (live,) = scene.gateway.runs.lives.values()
    live.cancel()
    await running
    assert answer.closed == 1
    assert response_in(memory)["status"] == "cancelled"
    assert scene.outcome == "client_closed"


async def test_cancelling_waits_for_no_usage() -> None:
    for pieces in ((), RESPONSES[:4]):
        answer = FakeAnswer(*pieces, then="wait")
        scene, memory = scene_of(
            answer, backends=[backend(speaks=("responses",), on_disconnect="drain")]
        )
        running = await scene.run_until(answer.dry)
        (live,) = scene.gateway.runs.lives.values()
        live.cancel()
        await asyncio.wait_for(running, 5.0)
        assert answer.closed == 1
        assert response_in(memory)["status"] == "cancelled"


async def test_the_end_of_a_drain_fails_it_by_name() -> None:
    answer = FakeAnswer(*RESPONSES[:4], then="wait")
    scene, memory = scene_of(answer)
    running = await scene.run_until(answer.dry)
    scene.gateway.cut()
    await running
    response = response_in(memory)
    assert (response["status"], response["error"]["code"]) == ("failed", "gateway_restarting")
    assert scene.outcome == "drained"


async def test_who_asked_for_no_stream_gets_no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, memory = scene_of(FakeAnswer(*RESPONSES), settings=Settings(heartbeat_s=0.001))
    settled = memory.settled

    async def slowly() -> None:
        await asyncio.sleep(0.02)
        await settled()

    monkeypatch.setattr(memory, "settled", slowly)
    caller = await scene.run()
    assert (caller.status, caller.ending) == (200, "finished")
    assert json.loads(caller.body)["status"] == "queued"


async def test_a_heartbeat_is_no_event() -> None:
    answer = FakeAnswer(*RESPONSES, held=True)
    scene, memory = scene_of(answer, settings=Settings(heartbeat_s=0.001), stream=True)
    running = asyncio.ensure_future(scene.run())
    while b": keep-alive" not in scene.downstream.body:
        await asyncio.sleep(0)
    answer.go.set()
    await running
    assert response_in(memory)["status"] == "completed"
    assert all(b"keep-alive" not in kept.events for kept in memory.kept.values())


async def test_without_a_store_nothing_goes_on_by_itself() -> None:
    scene, memory = scene_of(settings=Settings(heartbeat_s=0, store_responses=False))
    caller = await scene.run()
    assert (caller.status, error_in(caller)["param"]) == (400, "background")
    assert not memory.kept


async def test_a_database_that_does_not_answer_is_told_at_once() -> None:
    scene, memory = scene_of()
    memory.down = True
    caller = await scene.run()
    assert (caller.status, error_in(caller)["code"]) == (503, "overloaded")
    assert not scene.gateway.runs.lives
    assert not scene.upstream.calls


async def test_what_is_refused_was_never_begun() -> None:
    scene, memory = scene_of(model="nobody")
    caller = await scene.run()
    assert (caller.status, error_in(caller)["code"]) == (404, "model_not_found")
    assert not memory.kept
