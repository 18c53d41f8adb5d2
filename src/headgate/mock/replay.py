"""A recording played as an upstream: an ASGI application that answers every POST as it came.

Attempts are played in turn, one a request, and then from the first again. `speed` 1 is the pace at
which it came, 2 twice as fast, 0 at once.
"""

import asyncio
from typing import Literal

import msgspec

from headgate.mock.perform import Message, Receive, Scope, Send, departure, left_within, reset
from headgate.model.recorded import EndedLine, Headers, Recorded, RecordedAttempt
from headgate.wire import sse, stream_file

Ending = Literal["clean", "reset", "stall"]

_OWN = frozenset(("date", "server", "via", "content-length", "transfer-encoding", "connection"))
"""Headers that the server says itself."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: pieces and when they are sent, in seconds from the request. ``status`` 0: it
    ends before it begins."""

    status: int
    headers: Headers
    head_at_s: float
    pieces: tuple[tuple[float, bytes], ...]
    ends_at_s: float
    ending: Ending


def answers_of(data: bytes, *, partial: bool = False) -> tuple[Replayed, ...]:
    """What is in a file: a recording's attempts, else `data` as the body of one answer.

    `partial` takes of a damaged recording what is whole. Raises Damaged.
    """
    if not stream_file.is_recording(data):
        return (_plain(data),)
    try:
        recorded = stream_file.read(data)
    except stream_file.Damaged as damage:
        if not partial or damage.whole is None or not damage.whole.attempts:
            raise
        recorded = damage.whole
    return _answers(recorded)


class ReplayUpstream:
    """The application."""

    def __init__(self, answers: tuple[Replayed, ...], speed: float) -> None:
        self._answers = answers
        self._speed = speed
        self._next = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            await _list(send)
            return
        answer = self._answers[self._next % len(self._answers)]
        self._next += 1
        await _read_out(receive)
        watch = asyncio.ensure_future(departure(receive))
        try:
            await self._play(answer, scope, watch, send)
        finally:
            watch.cancel()

    async def _play(
        self, answer: Replayed, scope: Scope, watch: "asyncio.Future[None]", send: Send
    ) -> None:
        began = asyncio.get_running_loop().time()
        if answer.status:
            if await self._left(watch, began, answer.head_at_s):
                return
            await send(_start(answer))
        for at_s, data in answer.pieces:
            if await self._left(watch, began, at_s):
                return
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if await self._left(watch, began, answer.ends_at_s):
            return
        if answer.ending == "clean":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif answer.ending == "reset":
            await reset(scope)
        else:
            await watch

    async def _left(self, watch: "asyncio.Future[None]", began: float, at_s: float) -> bool:
        """Whether the caller left before it was time."""
        due = began + at_s / self._speed if self._speed else began
        return await left_within(watch, due - asyncio.get_running_loop().time())


def _answers(recorded: Recorded) -> tuple[Replayed, ...]:
    if not recorded.attempts:
        raise stream_file.Damaged("the recording holds no attempt", len(stream_file.FIRST_LINE))
    return tuple(map(_answer, recorded.attempts))


def _answer(attempt: RecordedAttempt) -> Replayed:
    head = attempt.head
    last = attempt.pieces[-1].at_us if attempt.pieces else head.at_us if head else 0
    return Replayed(
        status=head.status if head else 0,
        headers=head.headers if head else (),
        head_at_s=head.at_us / 1e6 if head else 0.0,
        pieces=tuple((piece.at_us / 1e6, piece.data) for piece in attempt.pieces),
        ends_at_s=(attempt.ended.at_us if attempt.ended else last) / 1e6,
        ending=_ending(attempt.ended),
    )


def _ending(ended: EndedLine | None) -> Ending:
    """What the backend did; where the gateway stopped reading, what tells the same story."""
    if ended is None or ended.cut:
        return "reset"
    if ended.outcome == "timeout":
        return "stall"
    if ended.ending == "clean" or (ended.ending == "stopped" and ended.outcome == "complete"):
        return "clean"
    return "reset"


def _plain(data: bytes) -> Replayed:
    is_json = data.lstrip()[:1] in (b"{", b"[")
    streams = not is_json or bool(sse.looks_like_sse(data))
    kind = "text/event-stream" if streams else "application/json"
    return Replayed(
        status=200,
        headers=(("content-type", kind),),
        head_at_s=0.0,
        pieces=((0.0, data),) if data else (),
        ends_at_s=0.0,
        ending="clean",
    )


async def _read_out(receive: Receive) -> None:
    while (message := await receive()).get("more_body"):
        if message["type"] == "http.disconnect":
            return


def _start(answer: Replayed) -> Message:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers
        if name not in _OWN
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _list(send: Send) -> None:
    """Any other request: a gateway asks for the models first."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    body = b'{"error":{"message":"This is a recording; it answers POST."}}'
    await send({"type": "http.response.body", "body": body, "more_body": False})
