"""Requests that are served past ASGI, on the same connection as those that are not."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from headgate.ports import CallerLeft
from headgate.server.cycle import Cycle
from headgate.server.direct import Direct
from headgate.server.door import Refusal
from headgate.server.head import Head
from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.wire import Recorder, Transport, make_protocol, read_answers

HEAD = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


class Straight:
    """A door that takes what is sent to ``/straight`` and answers the body."""

    def refusal(self, head: Head) -> Refusal | None:
        lines = b"x-why: no\r\n"
        return Refusal(403, lines, b"never") if head.path == "/never" else None

    def way_in(self, cycle: Cycle) -> Coroutine[Any, Any, None] | None:
        return self._serve(Direct(cycle)) if cycle.head.path == "/straight" else None

    async def _serve(self, caller: Direct) -> None:
        try:
            body = await caller.read_body(100)
            await caller.respond(200, [(b"x-way", b"straight")], body)
        except CallerLeft:
            pass


async def drive(*pieces: bytes) -> tuple[bytes, Recorder]:
    """What is said to what comes in these pieces, and what came by ASGI."""
    recorder, state, transport = Recorder(), State(), Transport()
    protocol = make_protocol(recorder, Limits(), state, Straight())
    protocol.connection_made(transport)
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.sleep(0)
    while state.tasks:
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    return transport.written, recorder


async def test_each_request_takes_its_way_and_the_answers_keep_their_order() -> None:
    ways = (b"/straight", b"/plain", b"/straight", b"/plain")
    raw = b"".join([b"POST " + way + HEAD + b"abc" for way in ways])
    said, recorder = await drive(raw)
    answers = read_answers(said)
    assert [answer.body for answer in answers] == [b"abc", b"ok", b"abc", b"ok"]
    assert [answer.headers.get(b"x-way") for answer in answers[:2]] == [b"straight", None]
    assert [path for _, path, _ in recorder.seen] == [b"/plain"] * 2


async def test_where_the_bytes_are_cut_does_not_matter() -> None:
    raw = (b"POST /straight" + HEAD + b"abc") * 3
    whole, _ = await drive(raw)
    for size in (1, 7, 100):
        cut = [raw[start : start + size] for start in range(0, len(raw), size)]
        assert (await drive(*cut))[0] == whole


NEVER = b"HTTP/1.1 403 Forbidden\r\nx-why: no\r\ncontent-length: 5\r\n"


async def test_who_is_turned_away_may_ask_again_on_the_same_connection() -> None:
    said, recorder = await drive((b"POST /never" + HEAD + b"abc") * 2 + b"POST /p" + HEAD + b"abc")
    assert said.startswith((NEVER + b"\r\nnever") * 2)
    assert recorder.seen == [("POST", b"/p", b"abc")]


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /never HTTP/1.0\r\n\r\n",
        b"POST /never HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"POST /never" + HEAD + b"ab",
        b"POST /never HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n",
        b"POST /never HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    ],
)
async def test_who_is_turned_away_before_its_body_is_whole_is_heard_no_more(raw: bytes) -> None:
    said, recorder = await drive(raw, b"c" + b"POST /p" + HEAD + b"abc")
    assert said == NEVER + b"connection: close\r\n\r\nnever"
    assert recorder.seen == []


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    said, _ = await drive(b"POST /straight" + HEAD + b"abc" + b"POST /never" + HEAD + b"abc")
    assert [answer.body for answer in read_answers(said)] == [b"abc", b"ok"]


async def test_who_does_not_take_its_answers_is_not_given_more() -> None:
    recorder, state, transport = Recorder(), State(), Transport()
    protocol = make_protocol(recorder, Limits(), state, Straight())
    protocol.connection_made(transport)
    protocol.pause_writing()
    for _ in range(50):
        protocol.data_received(b"POST /never" + HEAD + b"abc")
    await asyncio.sleep(0)
    assert transport.written == b""
    protocol.connection_lost(None)
    while state.tasks:
        await asyncio.sleep(0)
