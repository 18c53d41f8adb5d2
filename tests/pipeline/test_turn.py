import asyncio

import pytest
from typing_extensions import override

from headgate.pipeline import turn as turn_module
from headgate.pipeline.watch import Interrupted
from headgate.ports import CallerLeft
from tests.pipeline.fakes import FakeDownstream, Scene
from tests.pipeline.samples import SEED


async def test_a_piece_is_said_as_it_is() -> None:
    scene = Scene()
    turn = scene.turn()
    await scene.downstream.start(200, [])
    await turn.say(b"piece")
    assert scene.downstream.pieces == [b"piece"]


async def test_who_takes_nothing_for_long_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "WRITE_STALL_S", 0.01)
    scene = Scene()
    turn = scene.turn()
    await scene.downstream.start(200, [])
    scene.downstream.reads = False
    with pytest.raises(CallerLeft):
        await turn.say(b"piece")
    assert scene.downstream.ending == "aborted"


class Slow(FakeDownstream):
    """Takes something between any two looks at what it has not taken."""

    def __init__(self) -> None:
        super().__init__()
        self._left_over = 5
        self._took_all = asyncio.Event()

    @property
    @override
    def unsent(self) -> int:
        self._left_over -= 1
        if not self._left_over:
            self._took_all.set()
        return self._left_over

    @override
    async def write(self, data: bytes) -> None:
        await self._took_all.wait()

    @override
    async def room(self) -> None:
        await self._took_all.wait()


async def test_who_takes_little_by_little_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "WRITE_STALL_S", 0.01)
    for way in ("pushed", "said"):
        turn = Scene().turn()
        turn.downstream = slow = Slow()
        await (turn.make_room(slow) if way == "pushed" else turn.say(b"piece"))
        assert slow.ending == "open"


async def test_a_drain_interrupts_a_piece_that_is_not_taken() -> None:
    scene = Scene()
    turn = scene.turn()
    await scene.downstream.start(200, [])
    scene.downstream.reads = False
    asyncio.get_running_loop().call_soon(turn.watch.interrupt, "drained")
    with pytest.raises(Interrupted):
        await turn.say(b"piece")
    assert scene.downstream.ending == "open"


async def test_speaking_puts_the_heartbeat_off() -> None:
    scene = Scene()
    turn = scene.turn()
    await scene.downstream.start(200, [])

    async def beat() -> None:
        raise AssertionError("the test is over long before")

    turn.watch.beat(60.0, beat)
    before = turn.watch.spoke_at
    clock = turn.watch.now
    turn.watch.now = lambda: clock() + 30.0
    await turn.say(b"piece")
    assert turn.watch.spoke_at >= before + 30.0
    turn.watch.close()


async def test_a_writer_of_replies_is_told_about_the_request() -> None:
    turn = Scene(stream=True).turn()
    context = turn.reply_context()
    assert (context.id_seed, context.created, context.model) == (SEED, 1000, "fast")
    assert context.request.stream
    assert context.input_estimate == turn.exchange.input_estimate


async def test_what_is_pushed_next_comes_behind_a_heartbeat_that_waited_too() -> None:
    turn = Scene(stream=True).turn()
    said: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def beat() -> None:
        begun.set()
        await go.wait()
        said.append("heartbeat")

    class Crowded(FakeDownstream):
        @override
        async def room(self) -> None:
            await begun.wait()
            asyncio.get_running_loop().call_soon(go.set)

    turn.watch.beat(0.001, beat)
    await turn.make_room(Crowded())
    assert said == ["heartbeat"]
