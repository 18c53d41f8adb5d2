"""What the caller is told, before a stream and in it."""

import asyncio

import msgspec
import pytest

from headgate.dialects.facts import Facts
from headgate.model.fault import Fault, Refused
from headgate.pipeline import telling
from headgate.pipeline.exchange import Attempt
from headgate.pipeline.snapshot import Settings
from headgate.pipeline.telling import (
    answer_headers,
    keep_alive,
    start_stream,
    tell_fault,
    tell_whole,
)
from headgate.pipeline.upload import Upload
from headgate.pipeline.watch import Interrupted
from headgate.pipeline.whole import Whole
from headgate.routing.target import Target
from headgate.wire.multipart import FormScanner
from tests.pipeline.fakes import Scene, error_in
from tests.pipeline.samples import DONE, REPLY

BUSY = Fault(kind="overloaded", message="busy")


def attempt(number: int, backend: str) -> Attempt:
    return Attempt(number, Target(backend, f"{backend}-model"), 0.0, 0.0)


async def test_before_any_attempt_only_the_id_is_told() -> None:
    assert answer_headers(Scene().exchange) == (("x-request-id", "req_1"), ("request-id", "req_1"))


async def test_the_headers_say_where_it_went_and_what_was_lost() -> None:
    exchange = Scene().exchange
    exchange.attempts = [attempt(1, "one"), attempt(2, "two")]
    exchange.losses = ["seed", "top_k", "seed"]
    headers = dict(answer_headers(exchange))
    assert headers["x-headgate-backend"] == "two"
    assert headers["x-headgate-model"] == "two-model"
    assert headers["x-headgate-attempts"] == "2"
    assert headers["x-headgate-lost"] == "seed, top_k"


async def test_a_stream_has_one_head() -> None:
    scene = Scene(stream=True)
    turn = scene.turn()
    await start_stream(turn, (("x-ratelimit-limit", "9"),))
    await start_stream(turn)
    headers = scene.downstream.headers
    assert headers["content-type"] == "text/event-stream"
    assert headers["cache-control"] == "no-cache"
    assert headers["connection"] == "keep-alive"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-ratelimit-limit"] == "9"
    assert scene.exchange.status == 200
    assert scene.exchange.told_at is not None


async def test_no_heartbeat_opens_a_stream_while_the_caller_still_sends() -> None:
    scene = Scene(stream=True)
    turn = scene.turn()
    upload = scene.exchange.upload = Upload(scene.downstream, FormScanner("b"), 10, None)
    await keep_alive(turn)
    assert not scene.downstream.started
    upload.ended = True
    await keep_alive(turn)
    assert scene.downstream.started


async def test_a_header_never_holds_what_could_end_it() -> None:
    scene = Scene(stream=True)
    turn = scene.turn()
    scene.exchange.losses = ["a\r\nset-cookie: x", "ключ", "y" * 900]
    await start_stream(turn)
    lost = scene.downstream.headers["x-headgate-lost"]
    assert lost.startswith("a??set-cookie: x, ????, yyy")
    assert len(lost) == 500


@pytest.mark.parametrize(
    ("dialect", "frame"),
    [
        ("chat", b": keep-alive\n\n"),
        ("responses", b": keep-alive\n\n"),
        ("messages", b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
)
async def test_silence_is_broken_in_the_callers_dialect(dialect: str, frame: bytes) -> None:
    scene = Scene(dialect=dialect, stream=True)
    turn = scene.turn()
    await keep_alive(turn)
    await keep_alive(turn)
    assert scene.downstream.body.replace(b": ", b":") == (frame * 2).replace(b": ", b":")


async def test_a_whole_reply_keeps_its_status_and_its_backends_headers() -> None:
    scene = Scene()
    whole = Whole(REPLY, Facts(), ("seed",), status=203, headers=(("x-ratelimit-limit", "9"),))
    await tell_whole(scene.turn(), whole)
    caller = scene.downstream
    assert (caller.status, caller.body, caller.ending) == (203, REPLY, "finished")
    assert caller.headers["content-type"] == "application/json"
    assert caller.headers["x-ratelimit-limit"] == "9"
    assert caller.headers["x-headgate-lost"] == "seed"
    assert scene.exchange.status == 203


async def test_a_whole_reply_behind_an_open_stream_becomes_one() -> None:
    scene = Scene(stream=True)
    turn = scene.turn()
    await keep_alive(turn)
    await tell_whole(turn, Whole(REPLY, Facts()))
    assert b'"content":"Hello there"' in scene.downstream.body
    assert scene.downstream.body.endswith(DONE)
    assert scene.exchange.status == 200


async def test_what_no_stream_can_tell_is_refused() -> None:
    turn = Scene(stream=True).turn()
    await keep_alive(turn)
    with pytest.raises(Refused) as refused:
        await tell_whole(turn, Whole(b'{"hello":"there"}', Facts()))
    assert refused.value.fault.origin == "upstream"


async def test_who_does_not_read_a_whole_reply_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "WHOLE_STALL_S", 0.01)
    scene = Scene()
    turn = scene.turn()
    scene.downstream.reads = False
    with pytest.raises(Interrupted):
        await tell_whole(turn, Whole(REPLY, Facts()))
    assert scene.downstream.ending == "aborted"


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
async def test_an_error_before_the_stream_is_json_in_the_callers_dialect(dialect: str) -> None:
    scene = Scene(dialect=dialect)
    await tell_fault(scene.turn(), BUSY)
    caller = scene.downstream
    assert (caller.status, caller.ending) == (503, "finished")
    error = error_in(caller)
    assert error["message"] == "busy"
    if dialect == "messages":
        body = msgspec.json.decode(caller.body)
        assert error["type"] == "overloaded_error"
        assert (body["type"], body["request_id"]) == ("error", "req_1")
    else:
        assert error["code"] == "overloaded"
        assert "param" in error


async def test_a_backends_own_refusal_is_told_as_it_is() -> None:
    scene = Scene()
    body = b'{"error": {"message": "no", "odd": 1}}'
    await tell_fault(scene.turn(), msgspec.structs.replace(BUSY, native=body, status=422))
    assert (scene.downstream.status, scene.downstream.body) == (422, body)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "1"), (-3.0, "1"), (0.4, "1"), (2.0, "2"), (2.1, "3"), (1e300, "86400")],
)
async def test_a_waiting_time_is_rounded_up_to_whole_seconds(seconds: float, told: str) -> None:
    scene = Scene()
    await tell_fault(scene.turn(), msgspec.structs.replace(BUSY, retry_after_s=seconds))
    assert scene.downstream.headers["retry-after"] == told


async def test_an_endless_waiting_time_is_bounded() -> None:
    scene = Scene()
    await tell_fault(scene.turn(), msgspec.structs.replace(BUSY, retry_after_s=float("inf")))
    assert scene.downstream.headers["retry-after"] == "86400"


async def test_the_backends_own_waiting_time_is_kept_as_it_said_it() -> None:
    scene = Scene()
    headers = (("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT"),)
    fault = msgspec.structs.replace(BUSY, retry_after_s=7.0, headers=headers)
    await tell_fault(scene.turn(), fault)
    assert scene.downstream.headers["retry-after"] == "Tue, 14 Nov 2023 22:13:50 GMT"


async def test_no_waiting_time_is_made_up() -> None:
    scene = Scene()
    await tell_fault(scene.turn(), BUSY)
    assert "retry-after" not in scene.downstream.headers


@pytest.mark.parametrize(
    ("dialect", "frame"),
    [
        ("chat", b'data: {"error":{"message":"busy"'),
        ("messages", b"event: error\ndata: "),
        ("responses", b"event: error\ndata: "),
    ],
)
async def test_an_error_inside_the_stream_is_a_frame_and_no_terminator(
    dialect: str, frame: bytes
) -> None:
    scene = Scene(dialect=dialect, stream=True)
    turn = scene.turn()
    await start_stream(turn)
    await tell_fault(turn, BUSY)
    assert scene.downstream.body.startswith(frame)
    assert scene.downstream.ending == "finished"
    assert DONE not in scene.downstream.body
    assert (b"response.failed" in scene.downstream.body) == (dialect == "responses")


async def test_silent_streams_just_stop() -> None:
    scene = Scene(stream=True, settings=Settings(heartbeat_s=0, stream_errors="silent"))
    turn = scene.turn()
    await start_stream(turn)
    await tell_fault(turn, BUSY)
    assert (scene.downstream.body, scene.downstream.ending) == (b"", "finished")


async def test_silence_about_errors_holds_inside_streams_only() -> None:
    scene = Scene(settings=Settings(heartbeat_s=0, stream_errors="silent"))
    await tell_fault(scene.turn(), BUSY)
    assert scene.downstream.status == 503


async def test_an_error_waits_for_the_heartbeat_that_is_being_said() -> None:
    scene = Scene(stream=True)
    turn = scene.turn()
    turn.watch.beat(0.001, lambda: keep_alive(turn))
    await turn.watch.until(scene.downstream.told.wait(), turn.watch.now() + 5)
    await tell_fault(turn, BUSY)
    await asyncio.sleep(0.01)
    assert b'"busy"' in scene.downstream.pieces[-1]
    turn.watch.close()
