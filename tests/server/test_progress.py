import asyncio
import json
from typing import Any

import msgspec
import pytest

from headgate.model.stored import CANCELLING, Kept
from headgate.pipeline.live import Live
from headgate.pipeline.runs import Runs
from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.test_keeping import origin
from tests.pipeline.test_live import TIES
from tests.server.test_asgi import Served
from tests.storage.stored_samples import kept, stored

QUEUED = {"id": "resp_1", "status": "queued", "model": "m", "output": []}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.server.progress.POLL_S", 0.001)


def running(worker: str) -> Kept:
    record = stored(
        "resp_1", key="req_1", owner="", status="queued", background=True,
        response=json.dumps(QUEUED), worker=worker, alive_at=1000.0,
    )  # fmt: skip
    return kept(record)


def served(worker: str, lost: bool = False) -> tuple[Served, FakeMemory]:
    memory, application = FakeMemory(), Served()
    memory.keep(running(worker))
    gateway = application.scene.gateway
    gateway.memory, gateway.runs = memory, Runs(worker="mine", is_gone=lambda _: lost)
    return application, memory


def served_here() -> tuple[Served, FakeMemory, Live]:
    application, memory = served("mine")
    live = Live(memory, origin(TIES, owner=""), dict(QUEUED), lambda: live.end())
    application.scene.gateway.runs.add(live)
    return application, memory, live


async def finish(memory: FakeMemory, status: Any = "completed") -> None:
    """What another worker does when the response is over."""
    whole = json.dumps({**QUEUED, "status": status, "output": []})
    await memory.move("req_1", status, whole)


async def test_a_response_that_is_made_here_is_shown_as_it_stands() -> None:
    application, _, live = served_here()
    told = await application.ask("GET", "/v1/responses/resp_1")
    assert told.body["status"] == "queued"
    await live.write(RESPONSES[0])
    told = await application.ask("GET", "/v1/responses/resp_1")
    assert (told.body["status"], told.body["id"]) == ("in_progress", "resp_1")


async def test_its_stream_is_followed_to_its_end() -> None:
    application, _, live = served_here()
    path = "/v1/responses/resp_1?stream=true&starting_after=0"
    asked = asyncio.ensure_future(application.ask("GET", path))
    for piece in RESPONSES:
        await asyncio.sleep(0)
        await live.write(piece)
    assert (await asked).body == b"".join(live.frames[1:])


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("DELETE", "")])
async def test_it_is_stopped_before_that_is_told(method: str, path: str) -> None:
    application, _, live = served_here()
    told = await application.ask(method, f"/v1/responses/resp_1{path}")
    assert told.status == 200
    assert live.over
    if path:
        assert told.body["status"] == "cancelled"


async def test_a_response_of_another_worker_is_followed_too() -> None:
    application, memory = served("theirs")
    await memory.add_events("req_1", 0, RESPONSES[0])
    path = "/v1/responses/resp_1?stream=true"
    asked = asyncio.ensure_future(application.ask("GET", path))
    await asyncio.sleep(0.01)
    await memory.add_events("req_1", 1, b"".join(RESPONSES[1:]))
    await finish(memory)
    assert (await asked).body == b"".join(RESPONSES)


async def test_its_end_is_told_once_where_its_events_came_before_its_status() -> None:
    application, memory = served("theirs")
    await memory.add_events("req_1", 0, b"".join(RESPONSES[:3]))
    asked = asyncio.ensure_future(application.ask("GET", "/v1/responses/resp_1?stream=true"))
    await asyncio.sleep(0.01)
    await memory.add_events("req_1", 1, b"".join(RESPONSES[3:]))
    await asyncio.sleep(0.02)
    await finish(memory)
    assert (await asked).body == b"".join(RESPONSES)


async def test_one_that_is_deleted_meanwhile_ends_its_stream() -> None:
    application, memory = served("theirs")
    await memory.add_events("req_1", 0, b"".join(RESPONSES[:3]))
    asked = asyncio.ensure_future(application.ask("GET", "/v1/responses/resp_1?stream=true"))
    await asyncio.sleep(0.01)
    await memory.remove("", "resp_1")
    told = sse.parse((await asyncio.wait_for(asked, 5.0)).body)
    assert [frame.event for frame in told][-1] == "response.cancelled"
    assert json.loads(told[-1].data)["sequence_number"] == 3


async def test_a_stream_that_a_process_left_behind_ends_where_it_broke_off() -> None:
    application, memory = served("theirs", lost=True)
    await memory.add_events("req_1", 0, b"".join(RESPONSES[:5]))
    told = sse.parse((await application.ask("GET", "/v1/responses/resp_1?stream=true")).body)
    numbers = [json.loads(frame.data)["sequence_number"] for frame in told]
    assert numbers == list(range(6))
    assert json.loads(told[-1].data)["response"]["error"]["code"] == "gateway_restarting"
    path = "/v1/responses/resp_1?stream=true&starting_after=3"
    again = sse.parse((await application.ask("GET", path)).body)
    assert [frame.event for frame in again] == [told[4].event, "response.failed"]


async def test_a_database_that_fails_meanwhile_cuts_the_stream_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    application, memory = served("theirs")
    asked = asyncio.ensure_future(application.ask("GET", "/v1/responses/resp_1?stream=true"))
    await asyncio.sleep(0.01)
    memory.down = True
    told = await asked
    assert told.status == 200
    assert told.messages[-1].get("more_body") is not False
    assert not caplog.records


async def test_its_end_is_told_where_its_events_were_not_kept() -> None:
    application, memory = served("theirs")
    asked = asyncio.ensure_future(application.ask("GET", "/v1/responses/resp_1?stream=true"))
    await asyncio.sleep(0.01)
    await finish(memory)
    kinds = [frame.event for frame in sse.parse((await asked).body)]
    assert kinds[-1] == "response.completed"


async def test_silence_is_broken_meanwhile() -> None:
    application, memory = served("theirs")
    gateway = application.scene.gateway
    settings = msgspec.structs.replace(gateway.snapshot.settings, heartbeat_s=0.002)
    gateway.snapshot = msgspec.structs.replace(gateway.snapshot, settings=settings)
    asked = asyncio.ensure_future(application.ask("GET", "/v1/responses/resp_1?stream=true"))
    await asyncio.sleep(0.05)
    await finish(memory)
    assert b": keep-alive\n\n" in (await asked).body


async def test_another_worker_is_asked_to_stop() -> None:
    application, memory = served("theirs")
    asked = asyncio.ensure_future(application.ask("POST", "/v1/responses/resp_1/cancel"))
    while memory.kept["req_1"].stored.status != CANCELLING:
        await asyncio.sleep(0)
    await finish(memory, "cancelled")
    assert (await asked).body["status"] == "cancelled"


async def test_a_worker_that_does_not_answer_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headgate.server.progress.STOP_WITHIN_S", 0.003)
    application, _ = served("theirs")
    told = await application.ask("POST", "/v1/responses/resp_1/cancel")
    assert (told.status, told.body["status"]) == (200, "queued")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "?stream=true"), ("POST", "/cancel")]
)
async def test_what_a_lost_worker_made_has_failed(method: str, path: str) -> None:
    application, _ = served("theirs", lost=True)
    told = await application.ask(method, f"/v1/responses/resp_1{path}")
    if "stream" in path:
        assert b"gateway_restarting" in told.body
    else:
        assert told.body["error"]["code"] == "gateway_restarting"
