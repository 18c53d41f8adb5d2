"""Callers who leave and drains that end, at every point of the way."""

import asyncio

import pytest

from headgate.pipeline.run import LEFT_STATUS
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import (
    FakeAnswer,
    Scene,
    refusal,
    reply,
    route,
)
from tests.pipeline.samples import CHAT, DONE, chunk

DEAD = TargetUnreachable("the connection was refused")


async def test_a_caller_who_leaves_while_the_backend_is_asked() -> None:
    scene = Scene(None)
    running = await scene.run_until(scene.upstream.asked)
    scene.downstream.leave()
    await running
    assert scene.notes.closed == [(LEFT_STATUS, "client_closed")]
    assert scene.settled == ["client_closed"]


async def test_a_caller_who_leaves_before_the_first_event() -> None:
    answer = FakeAnswer(then="wait")
    scene = Scene(answer, stream=True)
    running = await scene.run_until(answer.dry)
    scene.downstream.leave()
    await running
    assert scene.settled == ["client_closed"]
    assert (answer.closed, scene.downstream.started) == (1, False)


async def test_a_caller_who_leaves_inside_the_stream() -> None:
    answer = FakeAnswer(chunk("Hel"), then="wait")
    scene = Scene(answer, stream=True)
    running = await scene.run_until(answer.dry)
    scene.downstream.leave()
    await running
    assert scene.notes.closed == [(200, "client_closed")]
    assert scene.settled == ["client_closed"]
    assert answer.closed == 1
    assert scene.gateway.health.of("one/one-model").failures == 0


@pytest.mark.parametrize("at", [b"Hello", b"stop", DONE])
async def test_a_caller_who_leaves_while_it_is_written_to(at: bytes) -> None:
    scene = Scene(FakeAnswer(*CHAT), stream=True)
    scene.downstream.leave_at = at
    await scene.run()
    whole = at == DONE
    assert scene.settled == ["complete" if whole else "client_closed"]


async def test_a_caller_who_leaves_while_a_whole_reply_is_written() -> None:
    scene = Scene(reply())
    scene.downstream.leave_at = b"Hello"
    await scene.run()
    assert (scene.outcome, scene.settled) == ("client_closed", ["client_closed"])


async def test_a_caller_who_leaves_while_the_terminator_is_added() -> None:
    scene = Scene(FakeAnswer(chunk("Hello"), chunk(finish="stop")), stream=True)
    scene.downstream.leave_at = DONE
    await scene.run()
    assert (scene.outcome, scene.settled) == ("client_closed", ["client_closed"])


async def test_a_caller_who_leaves_while_an_error_is_told() -> None:
    scene = Scene(refusal(400))
    scene.downstream.leave_at = b"error"
    await scene.run()
    assert scene.notes.closed == [(400, "client_closed")]
    assert scene.settled == ["upstream_error"]


async def test_a_caller_who_leaves_between_two_attempts() -> None:
    scene = Scene(DEAD, routes=[route("one")])
    scene.gateway.draw = lambda: 1.0
    running = await scene.run_until(scene.upstream.asked)
    for _ in range(5):
        await asyncio.sleep(0)
    scene.downstream.leave()
    await running
    assert (scene.outcome, scene.settled) == ("client_closed", ["upstream_error"])
    assert scene.downstream.ending == "aborted"


async def test_a_caller_who_left_before_the_body_was_read() -> None:
    scene = Scene()
    scene.downstream.leave()
    await scene.run()
    assert scene.notes.closed == [(LEFT_STATUS, "client_closed")]
    assert scene.upstream.calls == []


async def test_the_end_of_a_drain_is_told_inside_the_stream() -> None:
    answer = FakeAnswer(chunk("Hel"), then="wait")
    scene = Scene(answer, stream=True)
    running = await scene.run_until(answer.dry)
    scene.gateway.cut()
    caller = await running
    assert b'"code":"gateway_restarting"' in caller.pieces[-1]
    assert caller.ending == "finished"
    assert (scene.outcome, scene.settled) == ("drained", ["drained"])
    assert scene.gateway.health.of("one/one-model").failures == 0


async def test_the_end_of_a_drain_is_a_503_before_the_stream() -> None:
    scene = Scene(None)
    running = await scene.run_until(scene.upstream.asked)
    scene.gateway.cut()
    caller = await running
    assert caller.status == 503
    assert scene.notes.closed == [(503, "drained")]
    assert scene.settled == ["drained"]
