import asyncio
import json

import pytest

from headgate.pipeline.following import KEEP_ALIVE, MOST_AT_ONCE_BYTES, follow
from headgate.ports import CallerLeft
from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.pipeline.fakes import FakeDownstream
from tests.pipeline.test_live import live_of


async def started() -> FakeDownstream:
    caller = FakeDownstream()
    await caller.start(200, [])
    return caller


async def test_what_was_said_comes_at_once_and_the_rest_as_it_is_said() -> None:
    live, _, _ = live_of()
    caller = await started()
    following = asyncio.ensure_future(follow(live, caller, 0, 0.0))
    await caller.told.wait()
    assert caller.body == live.frames[1]
    for piece in RESPONSES:
        await live.write(piece)
    await following
    assert caller.body == b"".join(live.frames[1:])
    assert caller.ending == "finished"


async def test_behind_the_last_event_there_is_only_the_end() -> None:
    live, _, _ = live_of()
    live.end()
    caller = await started()
    await follow(live, caller, 99, 0.0)
    assert (caller.body, caller.ending) == (b"", "finished")


async def test_what_was_said_comes_in_pieces_that_a_slow_caller_can_wait_for() -> None:
    live, _, _ = live_of()
    text = {"type": "response.output_text.delta", "delta": "x" * 1000}
    for _ in range(300):
        await live.write(sse.write(json.dumps(text).encode()))
    live.end()
    caller = await started()
    await follow(live, caller, -1, 0.0)
    assert caller.body == b"".join(live.frames)
    assert max(map(len, caller.pieces)) < MOST_AT_ONCE_BYTES + 2_000


async def test_silence_is_broken() -> None:
    live, _, _ = live_of()
    caller = await started()
    following = asyncio.ensure_future(follow(live, caller, 1, 0.001))
    while KEEP_ALIVE not in caller.body:
        await caller.told.wait()
    live.end()
    await following
    assert b"response.failed" in caller.body


async def test_who_leaves_hears_no_more_and_the_response_goes_on() -> None:
    live, _, stops = live_of()
    caller = await started()
    following = asyncio.ensure_future(follow(live, caller, -1, 0.0))
    await caller.told.wait()
    caller.leave()
    await live.write(RESPONSES[0])
    with pytest.raises(CallerLeft):
        await following
    assert not live.over
    assert not stops


async def test_the_last_event_is_told_also_where_too_many_came_to_keep_them() -> None:
    live, _, _ = live_of(most_bytes=900)
    caller = await started()
    for piece in RESPONSES:
        await live.write(piece)
    await follow(live, caller, -1, 0.0)
    assert caller.body == b"".join(live.frames) + live.last
