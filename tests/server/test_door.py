"""Requests that are served past ASGI, on the same connection as those that are not."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from headgate.ports import CallerLeft
from headgate.server.cycle import Cycle
from headgate.server.direct import Direct
from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.wire import Recorder, Transport, make_protocol, read_answers

HEAD = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


class Straight:
    """A door that takes what is sent to ``/straight`` and answers the body."""

    def way_in(self, cycle: Cycle) -> Coroutine[Any, Any, None] | None:
        return self._serve(Direct(cycle)) if cycle.head.path == "/straight" else None

    async def _serve(self, caller: Direct) -> None:
        try:
            body = await caller.read_body(100)
            await caller.respond(200, [(b"x-way", b"straight")], body)
        except CallerLeft:
            pass


async def drive(raw: bytes, pieces: int = 1) -> tuple[bytes, Recorder]:
    """What is said to `raw`, which comes in so many pieces, and what came by ASGI."""
    recorder, state, transport = Recorder(), State(), Transport()
    protocol = make_protocol(recorder, Limits(), state, Straight())
    protocol.connection_made(transport)
    size = len(raw) // pieces + 1
    for start in range(0, len(raw), size):
        protocol.data_received(raw[start : start + size])
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
    for pieces in (2, 7, len(raw)):
        assert (await drive(raw, pieces))[0] == whole
