"""Streams that go through by themselves: the same story as in `test_stream`, told by calls."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from headgate.dialects.table import DIALECTS
from headgate.pipeline import turn as turn_module
from headgate.pipeline.gears import Metered
from headgate.pipeline.recording import Recording
from headgate.pipeline.stream import Stream
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER, Reason, Watch
from headgate.upstream.answer import PushAnswer
from tests.pipeline.fakes import FakeAnswer, Scene
from tests.pipeline.samples import CHAT, chunk

LONG_S = 30.0
WHOLE = b"".join(CHAT)


class FakePushAnswer(FakeAnswer):
    """An answer whose bytes arrive when the test says so."""

    def __init__(self) -> None:
        super().__init__(then="wait")
        self.ended = False
        self.broken = False
        self.paused = 0
        self.told = 0
        self._arrived = b""
        self._tell: Callable[[bytes], None] | None = None

    @override
    def pushing(self) -> PushAnswer | None:
        return self

    @override
    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self.take()

    def take(self) -> bytes:
        data, self._arrived = self._arrived, b""
        return data

    def on_data(self, tell: Callable[[bytes], None] | None) -> None:
        self._tell = tell

    def pause(self) -> None:
        self.paused += 1

    def resume(self) -> None:
        self.paused -= 1

    @property
    def listened_to(self) -> bool:
        return self._tell is not None

    def arrive(self, data: bytes) -> None:
        if self._tell is None:
            self._arrived += data
        else:
            self._say(data)
        if self.ended:
            self._say(b"")

    def end(self) -> None:
        self.ended = True
        self._say(b"")

    def break_off(self) -> None:
        self.broken = True
        self._say(b"")

    def _say(self, data: bytes) -> None:
        if self._tell is not None:
            self.told += 1
            self._tell(data)


class Flow:
    """A relayed chat stream that has begun, between two ends that push."""

    def __init__(self, holds: "Hold | None" = None) -> None:
        scene = Scene(stream=True)
        self.answer = FakePushAnswer()
        self.caller = scene.downstream
        self.caller.pushes = True
        self.turn: Turn = scene.turn()
        caller = DIALECTS["chat"].caller
        assert caller is not None
        gear = holds or Metered(DIALECTS["chat"].backend, caller, False)
        self.stream = Stream(self.answer, gear, self.turn.watch, holds)

    @property
    def due(self) -> float:
        """Until when the watch says that the backend may be silent, if it is asked now."""
        anew = self.turn.watch._anew
        assert anew is not None
        return anew()

    async def begin(self, idle_s: float = LONG_S, due: float = NEVER) -> "asyncio.Task[None]":
        """Up to where the rest pushes itself."""
        await self.turn.downstream.start(200, [])

        async def relay() -> None:
            self.turn.watch = self.stream._watch = Watch()  # of the task that it watches over
            await self.stream.begin(CHAT[0], NEVER)
            await self.stream.relay(self.turn, idle_s, due)

        running = asyncio.ensure_future(relay())
        while not self.answer.listened_to and not running.done():
            await asyncio.sleep(0)
        return running


async def test_what_arrives_is_with_the_caller_before_the_call_returns() -> None:
    flow = Flow()
    running = await flow.begin()

    flow.answer.arrive(CHAT[1])
    assert flow.caller.pieces == [CHAT[0], CHAT[1]], "no turn of the loop between"

    flow.answer.arrive(b"".join(CHAT[2:]))
    await running
    assert flow.caller.body == WHOLE
    assert (flow.stream.ending, flow.stream.facts.terminated) == (None, True)
    assert not flow.answer.listened_to


async def test_what_had_arrived_before_anybody_listened_goes_first() -> None:
    flow = Flow()
    flow.answer.arrive(b"".join(CHAT[1:]))
    await (await flow.begin())
    assert flow.caller.body == WHOLE


@pytest.mark.parametrize(("end", "ending"), [("end", "clean"), ("break_off", "broken")])
async def test_the_end_of_the_bytes_ends_the_stream(end: str, ending: str) -> None:
    flow = Flow()
    running = await flow.begin()
    flow.answer.arrive(CHAT[1])
    getattr(flow.answer, end)()
    await running
    assert flow.stream.ending == ending
    assert flow.caller.body == CHAT[0] + CHAT[1]


async def test_the_last_bytes_and_the_end_may_come_together() -> None:
    flow = Flow()
    running = await flow.begin()
    flow.answer.ended = True
    flow.answer.arrive(CHAT[1] + CHAT[2].rstrip(b"\n"))
    await running
    assert flow.caller.body == CHAT[0] + CHAT[1] + CHAT[2]
    assert flow.stream.ending == "clean"


async def test_nonsense_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.wire.sse.MAX_FRAME", 64)
    flow = Flow()
    flow.stream._gear._meter._splitter._limit = 64  # type: ignore[attr-defined]
    running = await flow.begin()
    flow.answer.arrive(b"data: " + b"x" * 100)
    await running
    assert flow.stream.ending == "nonsense"


@pytest.mark.parametrize("reason", ["left", "drained"])
async def test_an_interruption_ends_the_stream(reason: Reason) -> None:
    flow = Flow()
    running = await flow.begin()
    flow.answer.arrive(CHAT[1])
    flow.turn.watch.interrupt(reason)
    await running
    assert flow.stream.ending == reason
    assert not flow.answer.listened_to
    flow.answer.arrive(CHAT[2])
    assert flow.caller.body == CHAT[0] + CHAT[1], "nothing is pushed any more"


async def test_silence_ends_the_stream() -> None:
    flow = Flow()
    running = await flow.begin(idle_s=0.01)
    await running
    assert flow.stream.ending == "due"


async def test_every_event_puts_the_deadline_off() -> None:
    flow = Flow()
    running = await flow.begin(idle_s=LONG_S)
    before = flow.due
    clock = flow.turn.watch.now
    flow.turn.watch.now = lambda: clock() + 10.0
    flow.answer.arrive(CHAT[1])
    assert flow.due >= before + 9.0
    flow.answer.end()
    await running


async def test_a_ping_does_not_put_the_deadline_off() -> None:
    flow = Flow()
    running = await flow.begin(idle_s=LONG_S)
    before = flow.due
    clock = flow.turn.watch.now
    flow.turn.watch.now = lambda: clock() + 10.0
    flow.answer.arrive(b": ping\n\n")
    assert flow.due == before
    flow.answer.end()
    await running


async def test_a_caller_who_does_not_keep_up_stops_the_backend() -> None:
    flow = Flow()
    running = await flow.begin()
    flow.caller.reads = False
    flow.answer.arrive(CHAT[1])
    for _ in range(5):
        await asyncio.sleep(0)
    assert flow.answer.paused == 1
    flow.answer.arrive(CHAT[2])
    assert flow.caller.body == CHAT[0] + CHAT[1], "it waits in the backend's end"

    flow.caller.reads = True
    while flow.answer.paused:
        await asyncio.sleep(0)
    flow.answer.arrive(b"".join(CHAT[3:]))
    await running
    assert flow.caller.body == WHOLE


async def test_nothing_overtakes_a_heartbeat() -> None:
    flow = Flow()
    running = await flow.begin()
    begun, go = asyncio.Event(), asyncio.Event()

    async def beat() -> None:
        begun.set()
        await go.wait()
        flow.caller.pieces.append(b": beat\n\n")

    flow.turn.watch.beat(0.001, beat)
    flow.answer.arrive(CHAT[1])
    flow.turn.watch.put_off(flow.due)  # the wait that is on notices the beat
    await begun.wait()
    flow.answer.arrive(b"".join(CHAT[2:]))
    go.set()
    await running
    assert flow.caller.body == b"".join((*CHAT[:2], b": beat\n\n", *CHAT[2:]))


async def test_a_caller_who_never_reads_again_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "WRITE_STALL_S", 0.01)
    flow = Flow()
    running = await flow.begin()
    flow.caller.reads = False
    flow.answer.arrive(CHAT[1])
    await running
    assert flow.stream.ending == "left"
    assert flow.caller.ending == "aborted"
    assert not flow.answer.paused, "the rest may be read for its usage"


async def test_what_is_pushed_is_recorded() -> None:
    flow = Flow()
    flow.turn.exchange.recording = Recording("raw", "chat")
    running = await flow.begin()
    flow.answer.arrive(b"".join(CHAT[1:]))
    await running
    assert flow.turn.exchange.recording.body() == WHOLE.decode()


class Hold(Metered):
    """A gear that holds back what it is told to, and asks somebody when it is told to."""

    def __init__(self) -> None:
        caller = DIALECTS["chat"].caller
        assert caller is not None
        super().__init__(DIALECTS["chat"].backend, caller, False)
        self.told = True
        self.waiting = False
        self.release_at: float | None = None
        self.kept = b""
        self.answered = asyncio.Event()
        self.feed = self.hold

    def hold(self, data: bytes) -> bytes:
        passed = self._meter.feed(data)
        if not self.waiting and self.release_at is None:
            return passed
        self.kept += passed
        return b""

    def due(self) -> float | None:
        return self.release_at

    def release(self) -> bytes:
        self.release_at = None
        return self.flush()

    async def step(self) -> bytes:
        await self.answered.wait()
        self.waiting = False
        return self.flush()

    def flush(self) -> bytes:
        kept, self.kept = self.kept, b""
        return kept


async def test_what_is_held_is_released_in_time_and_in_order() -> None:
    gear = Hold()
    flow = Flow(gear)
    running = await flow.begin()
    gear.release_at = flow.turn.watch.now() + 0.01
    flow.answer.arrive(CHAT[1])
    assert flow.caller.pieces == [CHAT[0]], "held"
    while len(flow.caller.pieces) < 2:
        await asyncio.sleep(0)
    flow.answer.arrive(b"".join(CHAT[2:]))
    await running
    assert flow.caller.body == WHOLE
    assert flow.stream.ending is None


async def test_a_later_release_does_not_stretch_the_backend_s_time() -> None:
    gear = Hold()
    flow = Flow(gear)
    running = await flow.begin(idle_s=1.0)
    gear.release_at = flow.turn.watch.now() + LONG_S
    flow.answer.arrive(CHAT[1])
    await running
    assert flow.stream.ending == "due"
    assert flow.caller.body == CHAT[0] + CHAT[1], "what was held is let out at the end"


async def test_while_somebody_is_asked_nothing_passes() -> None:
    gear = Hold()
    flow = Flow(gear)
    running = await flow.begin()
    gear.waiting = True
    flow.answer.arrive(CHAT[1])
    for _ in range(3):
        await asyncio.sleep(0)
    flow.answer.arrive(CHAT[2])
    assert flow.caller.body == CHAT[0]
    gear.answered.set()
    while not flow.answer.listened_to:
        await asyncio.sleep(0)
    flow.answer.arrive(b"".join(CHAT[3:]))
    await running
    assert flow.caller.body == WHOLE


async def test_two_ends_are_needed() -> None:
    flow = Flow()
    flow.caller.pushes = False
    flow.answer.arrive(b"".join(CHAT[1:]))
    await (await flow.begin())
    assert flow.caller.body == WHOLE
    assert flow.answer.told == 0


@given(cuts=st.lists(st.integers(1, 40), max_size=30))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    async def run() -> bytes:
        flow = Flow()
        running = await flow.begin()
        rest = b"".join((*CHAT[1:-2], chunk(" more"), *CHAT[-2:]))
        for size in cuts:
            flow.answer.arrive(rest[:size])
            rest = rest[size:]
        flow.answer.arrive(rest)
        await running
        return flow.caller.body

    whole = b"".join((*CHAT[:-2], chunk(" more"), *CHAT[-2:]))
    assert asyncio.run(run()) == whole
