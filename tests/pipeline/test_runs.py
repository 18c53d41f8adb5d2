import asyncio
import json

import msgspec
import pytest

from headgate.model.store_faults import RowConflict
from headgate.model.stored import CANCELLING, Kept
from headgate.pipeline.live import Live
from headgate.pipeline.runs import LOST_AFTER_S, Runs
from tests.faults.streams import RESPONSES
from tests.pipeline.fake_memory import FakeMemory
from tests.pipeline.test_keeping import origin
from tests.pipeline.test_live import TIES, live_of
from tests.storage.stored_samples import OWNER, kept, stored

QUEUED = json.dumps({"id": "resp_1", "status": "queued", "model": "m"})


def running(worker: str = "mine", alive_at: float = 100.0, key: str = "req_1") -> Kept:
    record = stored("resp_1", key=key, status="queued", response=QUEUED, worker=worker)
    return kept(msgspec.structs.replace(record, alive_at=alive_at))


def runs_with_one() -> tuple[Runs, Live, FakeMemory, list[str]]:
    runs = Runs(worker="mine")
    live, memory, stops = live_of()
    runs.add(live)
    memory.keep(running())
    return runs, live, memory, stops


async def test_others_see_how_far_it_is() -> None:
    runs, live, memory, _ = runs_with_one()
    await runs.show(memory, 7.0)
    assert memory.alive_at == 7.0
    assert memory.kept["req_1"].events == b"".join(live.frames)
    assert memory.kept["req_1"].stored.status == "queued"
    await live.write(RESPONSES[0])
    await runs.show(memory, 8.0)
    await runs.show(memory, 9.0)
    one = memory.kept["req_1"]
    assert one.events == b"".join(live.frames)
    assert one.stored.status == "in_progress"
    assert json.loads(one.stored.response)["model"] == "mock-1"


async def test_what_others_cancelled_is_stopped() -> None:
    runs, live, memory, stops = runs_with_one()
    await memory.move("req_1", CANCELLING)
    await runs.show(memory, 7.0)
    assert stops == ["stop"]
    runs.drop(live)
    assert memory.kept["req_1"].stored.status == "cancelled"
    assert not runs.lives


async def test_one_that_ends_while_another_is_shown_disturbs_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs, live, memory, _ = runs_with_one()
    other = Live(memory, origin(TIES, key="req_2"), dict(live.response), lambda: None)
    memory.keep(running(key="req_2"))
    runs.add(other)
    add_events = memory.add_events

    async def ending(key: str, part: int, events: bytes) -> None:
        await add_events(key, part, events)
        if other.origin.key in runs.lives:
            runs.drop(other)

    monkeypatch.setattr(memory, "add_events", ending)
    await runs.show(memory, 7.0)
    assert list(runs.lives) == ["req_1"]


async def test_tending_goes_on_where_one_was_taken_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("headgate.pipeline.runs.TICK_S", 0.0)
    runs, live, memory, _ = runs_with_one()

    async def refused(key: str, part: int, events: bytes) -> None:
        raise RowConflict("no such response")

    with monkeypatch.context() as patched:
        patched.setattr(memory, "add_events", refused)
        work = asyncio.ensure_future(runs.tend(memory, lambda: 7.0))
        while not caplog.records:
            await asyncio.sleep(0)
    while not memory.kept["req_1"].events:
        await asyncio.sleep(0)
    runs.drop(live)
    work.cancel()


async def test_tending_goes_on_after_the_database_was_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("headgate.pipeline.runs.TICK_S", 0.0)
    runs, live, memory, _ = runs_with_one()
    memory.down = True
    work = asyncio.ensure_future(runs.tend(memory, lambda: 7.0))
    while not caplog.records:
        await asyncio.sleep(0)
    memory.down = False
    while not memory.kept["req_1"].events:
        await asyncio.sleep(0)
    runs.drop(live)
    await asyncio.sleep(0)
    work.cancel()


@pytest.mark.parametrize(
    ("worker", "at", "status"),
    [
        ("mine", 1e9, "queued"),
        ("theirs", 100.0 + LOST_AFTER_S - 1, "queued"),
        ("theirs", 100.0 + LOST_AFTER_S, "failed"),
        ("dead", 100.0, "failed"),
    ],
)
async def test_what_nobody_makes_any_more_has_failed(worker: str, at: float, status: str) -> None:
    memory = FakeMemory()
    memory.keep(running(worker))
    runs = Runs(worker="mine", is_gone=lambda name: name == "dead")
    await runs.give_up_lost(memory, at)
    found = await memory.get(OWNER, "resp_1")
    assert found is not None
    assert found.status == status
    response = json.loads(found.response)
    if status == "failed":
        assert response["error"]["code"] == "gateway_restarting"
        assert "restarted" in response["error"]["message"]
    assert response["model"] == "m"


async def test_what_is_made_here_or_over_is_left_alone() -> None:
    runs, live, memory, _ = runs_with_one()
    one = memory.kept["req_1"].stored
    assert await runs.settled(memory, one, 1e9) is one
    over = stored("resp_2")
    assert await runs.settled(memory, over, 1e9) is over
    runs.drop(live)
