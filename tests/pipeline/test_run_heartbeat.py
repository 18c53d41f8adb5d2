"""Streams that a heartbeat opened before anybody knew what they would be."""

import asyncio

import pytest

from headgate.pipeline.snapshot import Settings
from tests.pipeline.fakes import (
    FakeAnswer,
    Scene,
    reply,
    route,
)
from tests.pipeline.samples import CHAT, DONE, JSON, REPLY


@pytest.fixture
def heartbeat() -> Settings:
    return Settings(heartbeat_s=0.3)


async def test_a_heartbeat_opens_the_stream_before_the_first_event(heartbeat: Settings) -> None:
    answer = FakeAnswer(then="wait")
    scene = Scene(answer, stream=True, settings=heartbeat)
    running = await scene.run_until(scene.downstream.told)
    assert scene.downstream.status == 200
    assert scene.downstream.pieces[0] == b": keep-alive\n\n"
    scene.downstream.leave()
    await running
    assert scene.notes.closed == [(200, "client_closed")]


async def test_a_stream_behind_a_heartbeat_has_one_head(heartbeat: Settings) -> None:
    answer = FakeAnswer(*CHAT, held=True)
    scene = Scene(answer, stream=True, settings=heartbeat)
    running = await scene.run_until(scene.downstream.told)
    answer.go.set()
    caller = await running
    assert caller.body.endswith(b"".join((*CHAT[:3], DONE)))
    assert scene.outcome == "complete"


async def test_a_json_answer_behind_a_heartbeat_becomes_a_stream(heartbeat: Settings) -> None:
    answer = FakeAnswer(REPLY, headers=JSON, held=True)
    scene = Scene(answer, stream=True, settings=heartbeat)
    running = await scene.run_until(scene.downstream.told)
    answer.go.set()
    caller = await running
    assert b'"content":"Hello there"' in caller.body
    assert caller.body.endswith(DONE)
    assert caller.ending == "finished"
    assert scene.outcome == "complete"


async def test_json_that_is_no_reply_behind_a_heartbeat_is_an_error_frame(
    heartbeat: Settings,
) -> None:
    answer = FakeAnswer(b'{"hello":"there"}', headers=JSON, held=True)
    scene = Scene(answer, stream=True, settings=heartbeat)
    running = await scene.run_until(scene.downstream.told)
    answer.go.set()
    caller = await running
    assert b'"code":"upstream_error"' in caller.pieces[-1]
    assert caller.ending == "finished"
    assert (scene.outcome, scene.settled) == ("upstream_error", ["upstream_error"])


async def test_a_failure_behind_a_heartbeat_is_an_error_frame(heartbeat: Settings) -> None:
    answer = FakeAnswer(b'{"error":{"message":"busy"}}', status=503, headers=JSON, held=True)
    scene = Scene(answer, stream=True, settings=heartbeat, routes=[route("one", retries=0)])
    running = await scene.run_until(scene.downstream.told)
    answer.go.set()
    caller = await running
    assert caller.status == 200
    assert b'"message":"busy"' in caller.pieces[-1]
    assert DONE not in caller.body
    assert caller.ending == "finished"
    assert scene.notes.closed == [(200, "upstream_error")]


async def test_no_heartbeat_follows_the_end(heartbeat: Settings) -> None:
    answer = FakeAnswer(*CHAT, then="wait")
    scene = Scene(answer, stream=True, settings=heartbeat)
    running = await scene.run_until(answer.dry)
    assert scene.downstream.ending == "finished"
    pieces = len(scene.downstream.pieces)
    await asyncio.sleep(0.9)
    assert len(scene.downstream.pieces) == pieces
    scene.gateway.cut()
    await running
    assert scene.outcome == "complete"


async def test_no_heartbeat_breaks_into_a_whole_reply(heartbeat: Settings) -> None:
    scene = Scene(reply(), stream=True, settings=heartbeat)
    scene.downstream.reads = False
    running = await scene.run_until(scene.downstream.told)
    await asyncio.sleep(0.9)
    assert len(scene.downstream.pieces) == 1
    scene.gateway.cut()
    await running
    assert scene.downstream.ending == "aborted"
    assert len(scene.downstream.pieces) == 1
    assert (scene.outcome, scene.settled) == ("drained", ["drained"])
