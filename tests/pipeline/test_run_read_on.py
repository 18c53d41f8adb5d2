"""Streams whose caller left, at a backend that wants them read to their end."""

import asyncio

import pytest

from headgate.pipeline import attempt as attempt_module
from headgate.pipeline import stream as stream_module
from headgate.pipeline.bill import bill_of
from tests.pipeline.fakes import FakeAnswer, Scene, backend, refusal, reply, route
from tests.pipeline.samples import CHAT, chunk

DRAINED = backend("one", on_disconnect="drain")


async def left(answer: FakeAnswer) -> Scene:
    """The exchange of a caller who leaves as soon as it has read the first piece."""
    scene = Scene(answer, backends=[DRAINED], stream=True)
    scene.downstream.leave_at = b"Hello"
    await scene.run()
    assert (scene.outcome, scene.settled) == ("client_closed", ["client_closed"])
    assert len(scene.downstream.pieces) == 1
    assert answer.closed == 1
    return scene


async def test_the_usage_is_known_though_the_caller_left() -> None:
    scene = await left(FakeAnswer(*CHAT))
    (attempt,) = scene.exchange.attempts
    bill = bill_of(attempt, scene.exchange.input_estimate)
    assert (bill.usage.total_tokens, bill.source) == (7, "provider")


async def test_a_caller_who_leaves_in_a_silence_is_no_reason_to_stop() -> None:
    answer = FakeAnswer(*CHAT[:1], then="wait")
    scene = Scene(answer, backends=[DRAINED], stream=True)
    running = await scene.run_until(answer.dry)
    answer.dry.clear()
    scene.downstream.leave()
    await answer.dry.wait()
    assert not running.done()
    scene.gateway.cut()
    await running
    assert scene.outcome == "client_closed"


async def test_a_backend_that_breaks_meanwhile_changes_nothing() -> None:
    await left(FakeAnswer(chunk("Hello"), chunk("x"), then="break"))


async def test_a_stream_is_not_read_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "READ_ON_S", 0.0)
    async with asyncio.timeout(5):
        await left(FakeAnswer(*CHAT[:1], then="wait"))


async def test_by_default_the_backend_is_left_at_once() -> None:
    answer = FakeAnswer(*CHAT)
    scene = Scene(answer, stream=True)
    scene.downstream.leave_at = b"Hello"
    await scene.run()
    (attempt,) = scene.exchange.attempts
    assert bill_of(attempt, 1).source == "estimated"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("dialect", ["chat", "messages"])
async def test_who_leaves_before_the_answer_is_waited_out_too(stream: bool, dialect: str) -> None:
    answer = FakeAnswer(*CHAT, held=True) if stream else held_reply()
    scene = Scene(answer, backends=[DRAINED], stream=stream, dialect=dialect)
    running = await scene.run_until(scene.upstream.asked)
    scene.downstream.leave()
    await asyncio.sleep(0)
    assert not running.done()
    answer.go.set()
    await running
    (attempt,) = scene.exchange.attempts
    bill = bill_of(attempt, scene.exchange.input_estimate)
    assert (bill.usage.total_tokens, bill.source) == (7, "provider")
    assert (scene.outcome, scene.settled) == ("client_closed", ["client_closed"])
    assert scene.downstream.pieces == []
    assert answer.closed == 1


async def test_for_who_left_no_other_target_is_tried() -> None:
    answer = refusal(503)
    answer.go.clear()
    scene = Scene(answer, reply(), backends=[DRAINED], routes=[route("one", retries=3)])
    running = await scene.run_until(scene.upstream.asked)
    scene.downstream.leave()
    await asyncio.sleep(0)
    answer.go.set()
    await running
    assert len(scene.upstream.calls) == 1
    assert scene.settled == ["client_closed"]


async def test_an_answer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_module, "READ_ON_S", 0.01)
    answer = held_reply()
    scene = Scene(answer, backends=[DRAINED])
    running = await scene.run_until(scene.upstream.asked)
    scene.downstream.leave()
    async with asyncio.timeout(5):
        await running
    assert (scene.outcome, answer.closed) == ("client_closed", 1)


def held_reply() -> FakeAnswer:
    answer = reply()
    answer.go.clear()
    return answer
