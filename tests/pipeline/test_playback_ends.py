"""The ends of a playback: what came is given again, what is said is kept."""

import pytest

from headgate.pipeline.playback_ends import Caller, Source
from headgate.ports import CallerLeft
from headgate.upstream.answer import AnswerBroken, Call, TargetUnreachable
from tests.wire.recorded_samples import BROKEN, FIRST, SECOND, UNREACHABLE

CALL = Call(method="POST", url="http://any.test", headers=())


async def test_the_source_gives_the_pieces_as_they_were_cut_and_breaks_where_they_did() -> None:
    source = Source(BROKEN, Caller(b""))
    answer = await source.send(CALL)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert [await answer.read(), await answer.read()] == [FIRST, SECOND]
    with pytest.raises(AnswerBroken, match="lost inside"):
        await answer.read()
    answer.close()
    assert answer.pushing() is None
    await source.aclose()


async def test_who_was_not_reached_is_not_reached_again() -> None:
    with pytest.raises(TargetUnreachable, match="refused"):
        await Source(UNREACHABLE, Caller(b"")).send(CALL)


async def test_the_caller_sends_its_body_and_keeps_what_it_is_told() -> None:
    caller = Caller(b"asked")
    assert await caller.read_body(1) == b"asked"
    assert [await caller.read_piece(), await caller.read_piece()] == [b"asked", b""]
    await caller.respond(201, [(b"x-a", b"b")], b"body")
    await caller.finish()
    caller.abort()
    assert (caller.started, caller.status, caller.headers) == (True, 201, {"x-a": "b"})
    assert bytes(caller.body) == b"body"


async def test_a_caller_who_left_takes_nothing_more() -> None:
    caller, left = Caller(b""), []
    caller.on_leave(lambda: left.append(True))
    caller.leave()
    assert left == [True]
    with pytest.raises(CallerLeft):
        await caller.start(200, [])
    with pytest.raises(CallerLeft):
        await caller.write(b"x")
