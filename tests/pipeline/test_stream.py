"""The hot loop, read by read."""

import asyncio

import pytest

from headgate.dialects.table import DIALECTS
from headgate.pipeline import stream as stream_module
from headgate.pipeline.gears import Metered
from headgate.pipeline.stream import Stream
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER, Interrupted, Reason
from headgate.wire import sse
from tests.pipeline.fakes import FakeAnswer, Scene
from tests.pipeline.samples import CHAT, DONE, chunk

LONG_S = 30.0
ERROR = b'data: {"error":{"message":"busy"}}\n\n'


class Flow:
    """A relayed chat stream between its two ends."""

    def __init__(self, answer: FakeAnswer) -> None:
        scene = Scene(stream=True)
        self.caller = scene.downstream
        self.turn: Turn = scene.turn()
        caller = DIALECTS["chat"].caller
        assert caller is not None
        gear = Metered(DIALECTS["chat"].backend, caller, False)
        self.stream = Stream(answer, gear, self.turn.watch)

    async def begin(self, head: bytes = b"", due: float = NEVER) -> bytes:
        await self.stream.begin(head, due)
        return self.stream.held

    def interrupt(self, reason: Reason, when: asyncio.Event) -> "asyncio.Task[list[bytes]]":
        """Interrupts some time after `when`; what was written by then."""

        async def wait() -> list[bytes]:
            await when.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            self.turn.watch.interrupt(reason)
            return list(self.caller.pieces)

        return asyncio.ensure_future(wait())

    async def relay(self, idle_s: float = LONG_S, due: float = NEVER) -> bytes:
        await self.begin()
        await self.turn.downstream.start(200, [])
        await self.stream.relay(self.turn, idle_s, due)
        return self.caller.body


async def test_nothing_is_read_beyond_the_first_event() -> None:
    flow = Flow(FakeAnswer(b": note\n\n", *CHAT))
    assert await flow.begin() == b": note\n\n" + CHAT[0]
    assert flow.stream.ending is None


async def test_a_head_that_holds_the_first_event_is_enough() -> None:
    answer = FakeAnswer(then="wait")
    flow = Flow(answer)
    assert await flow.begin(CHAT[0]) == CHAT[0]
    assert not answer.dry.is_set()


async def test_a_first_event_may_come_in_pieces() -> None:
    flow = Flow(FakeAnswer(CHAT[0][9:30], CHAT[0][30:]))
    assert await flow.begin(CHAT[0][:9]) == CHAT[0]


async def test_an_error_instead_of_the_first_event_ends_the_wait() -> None:
    flow = Flow(FakeAnswer(ERROR, then="wait"))
    await flow.begin()
    assert flow.stream.facts.fault is not None


async def test_a_first_event_that_is_late_interrupts() -> None:
    flow = Flow(FakeAnswer(b": note\n\n", then="wait"))
    with pytest.raises(Interrupted):
        await flow.begin(due=flow.turn.watch.now() + 0.01)


@pytest.mark.parametrize(("then", "ending"), [("end", "clean"), ("break", "broken")])
async def test_a_body_without_events_ends_the_wait(then: str, ending: str) -> None:
    flow = Flow(FakeAnswer(then=then))  # type: ignore[arg-type]
    assert await flow.begin() == b""
    assert flow.stream.ending == ending


async def test_everything_up_to_the_terminator_is_passed_on() -> None:
    flow = Flow(FakeAnswer(*CHAT, b"data: late\n\n"))
    assert await flow.relay() == b"".join(CHAT)
    assert (flow.stream.ending, flow.stream.facts.terminated) == (None, True)


async def test_each_piece_is_passed_on_before_the_next_is_read() -> None:
    answer = FakeAnswer(CHAT[0], CHAT[1], then="wait")
    flow = Flow(answer)
    written = flow.interrupt("left", answer.dry)
    await flow.relay()
    assert await written == [CHAT[0], CHAT[1]]


async def test_a_caller_who_does_not_read_holds_the_backend_back() -> None:
    answer = FakeAnswer(*CHAT)
    flow = Flow(answer)
    flow.caller.reads = False
    written = flow.interrupt("left", flow.caller.told)
    await flow.relay()
    assert await written == [CHAT[0]]
    assert answer._pieces == list(CHAT[1:])


async def test_a_last_frame_without_its_blank_line_is_passed_on() -> None:
    flow = Flow(FakeAnswer(CHAT[0], b"data: [DONE]"))
    assert await flow.relay() == CHAT[0] + DONE


@pytest.mark.parametrize(("then", "ending"), [("end", "clean"), ("break", "broken")])
async def test_the_end_of_the_bytes_is_noted(then: str, ending: str) -> None:
    flow = Flow(FakeAnswer(CHAT[0], CHAT[1][:20], then=then))  # type: ignore[arg-type]
    assert await flow.relay() == CHAT[0]
    assert flow.stream.ending == ending


async def test_an_error_ends_the_relay() -> None:
    flow = Flow(FakeAnswer(CHAT[0], ERROR, then="wait"))
    assert await flow.relay() == CHAT[0] + ERROR
    assert flow.stream.facts.fault is not None


async def test_a_frame_without_end_is_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Flow(FakeAnswer(CHAT[0], b"data: " + b"x" * 2000, then="wait"))
    monkeypatch.setattr(flow.stream, "transform", _bounded(500))
    assert await flow.relay() == CHAT[0]
    assert flow.stream.ending == "nonsense"


def _bounded(limit: int) -> object:
    caller = DIALECTS["chat"].caller
    assert caller is not None
    meter = DIALECTS["chat"].backend.open_meter(False)
    splitter = sse.Splitter(limit)

    def feed(data: bytes) -> bytes:
        whole = splitter.feed(data)
        meter.feed(whole)
        return whole

    return feed


async def test_silence_is_measured_between_events() -> None:
    flow = Flow(FakeAnswer(CHAT[0], *[b": hold the line\n\n"] * 3, then="wait"))
    await flow.relay(idle_s=0.02)
    assert flow.stream.ending == "due"


async def test_everything_has_its_end() -> None:
    flow = Flow(FakeAnswer(CHAT[0], then="wait"))
    await flow.relay(due=flow.turn.watch.now() + 0.01)
    assert flow.stream.ending == "due"


@pytest.mark.parametrize("pieces", [CHAT[:3], (b"".join(CHAT[:3]),)])
async def test_behind_its_finish_a_stream_may_be_silent_for_a_moment_only(
    pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "FINISH_GRACE_S", 0.01)
    flow = Flow(FakeAnswer(*pieces, then="wait"))
    assert await flow.relay(idle_s=LONG_S) == b"".join(CHAT[:3])
    assert (flow.stream.ending, flow.stream.facts.finished) == ("due", True)


@pytest.mark.parametrize("reason", ["left", "drained"])
async def test_an_interruption_is_noted(reason: Reason) -> None:
    answer = FakeAnswer(CHAT[0], then="wait")
    flow = Flow(answer)
    interrupted = flow.interrupt(reason, answer.dry)
    await flow.relay()
    await interrupted
    assert flow.stream.ending == reason


async def test_a_caller_who_is_gone_at_a_write_left() -> None:
    flow = Flow(FakeAnswer(*CHAT))
    flow.caller.leave_at = b"there"
    await flow.relay()
    assert flow.stream.ending == "left"


async def test_behind_the_terminator_the_end_of_the_body_is_read() -> None:
    answer = FakeAnswer(*CHAT, b"\n", b"\n")
    flow = Flow(answer)
    await flow.relay()
    assert not answer.read_out
    await flow.stream.linger()
    assert answer.read_out


async def test_a_body_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "LINGER_S", 0.01)
    answer = FakeAnswer(*CHAT, then="wait")
    flow = Flow(answer)
    await flow.relay()
    await flow.stream.linger()
    assert answer.dry.is_set()
    assert not answer.read_out


async def test_a_body_that_breaks_behind_the_terminator_is_no_error() -> None:
    flow = Flow(FakeAnswer(*CHAT, then="break"))
    await flow.relay()
    await flow.stream.linger()
    assert flow.stream.ending is None


async def test_a_stream_that_has_ended_is_not_read_again() -> None:
    answer = FakeAnswer(chunk("Hel"), then="break")
    flow = Flow(answer)
    await flow.relay()
    await flow.stream.linger()
    assert flow.stream.ending == "broken"
