"""The ends of a playback: a backend that gives what was recorded, a caller that keeps it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from headgate.model.recorded import PieceLine, RecordedAttempt
from headgate.ports import CallerLeft, Headers
from headgate.upstream.answer import Answer, AnswerBroken, Call, TargetUnreachable


class Source:
    """The backend of a playback: it gives what came, and ends as that did."""

    def __init__(self, attempt: RecordedAttempt, caller: "Caller") -> None:
        self._attempt = attempt
        self._caller = caller
        self.cut: Callable[[], None] = _nothing

    async def send(self, call: Call) -> Answer:
        """See `headgate.upstream.answer.Upstream.send`."""
        head, ended = self._attempt.head, self._attempt.ended
        if head is not None:
            return _RecordedAnswer(head.status, dict(head.headers), self._attempt.pieces, self._end)
        if ended is not None and ended.why:
            raise TargetUnreachable(ended.why, ended.sent, ended.timed_out)
        await self._end()
        raise TargetUnreachable("there was no answer")

    async def aclose(self) -> None:
        """See `headgate.upstream.answer.Upstream.aclose`."""

    async def _end(self) -> bytes:
        ended = self._attempt.ended
        assert ended is not None, "else it is not played"
        if ended.ending == "clean":
            return b""
        if ended.ending == "broken":
            raise AnswerBroken(ended.why)
        if ended.outcome == "drained":
            self.cut()
        elif ended.outcome == "client_closed":
            self._caller.leave()
        await asyncio.Event().wait()
        return b""


class _RecordedAnswer:
    """An answer whose pieces come at once. See `headgate.upstream.answer.Answer`."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: tuple[PieceLine, ...],
        end: Callable[[], Coroutine[Any, Any, bytes]],
    ) -> None:
        self.status = status
        self.headers = headers
        self._pieces = list(reversed(pieces))
        self._end = end

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        await asyncio.sleep(0)
        if self._pieces:
            return self._pieces.pop().data
        return await self._end()

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        self._pieces = []

    def pushing(self) -> None:
        """See `headgate.upstream.answer.Answer.pushing`."""


class Caller:
    """The caller of a playback: a body to read, an answer to keep."""

    def __init__(self, sends: bytes) -> None:
        self.started = False
        self.unsent = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._sends = sends
        self._left = False
        self._callbacks: list[Callable[[], None]] = []

    def leave(self) -> None:
        """The caller goes."""
        self._left = True
        for callback in self._callbacks:
            callback()

    async def read_body(self, limit: int) -> bytes:
        """See `headgate.ports.Downstream`."""
        return self._sends

    async def read_piece(self) -> bytes:
        """See `headgate.ports.Downstream`."""
        sends, self._sends = self._sends, b""
        return sends

    async def start(self, status: int, headers: Headers) -> None:
        """See `headgate.ports.Downstream`."""
        if self._left:
            raise CallerLeft
        self.started = True
        self.status = status
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}

    async def write(self, data: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        if self._left:
            raise CallerLeft
        self.body += data

    async def finish(self) -> None:
        """See `headgate.ports.Downstream`."""

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """See `headgate.ports.Downstream`."""
        await self.start(status, headers)
        await self.write(body)

    def abort(self) -> None:
        """See `headgate.ports.Downstream`."""

    def pushing(self) -> None:
        """See `headgate.ports.Downstream`."""

    def on_leave(self, callback: Callable[[], None]) -> None:
        """See `headgate.ports.Downstream`."""
        self._callbacks.append(callback)


def _nothing() -> None:
    """Until the gateway is there, there is nothing to cut."""
