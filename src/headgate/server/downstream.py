"""The caller's side of an exchange over ASGI's messages, on a server that is not ours."""

import asyncio
import sys
from collections.abc import Callable

from headgate.ports import CallerLeft, PushedBody
from headgate.server.gathering import Gathering
from headgate.server.header_text import check_headers
from headgate.server.inflate import too_large
from headgate.server.interface import Headers, Message, Receive, Scope, Send

_MAX_DIGITS = 19


class Downstream:
    """One caller, for one request.

    Leaving is noticed by a task that waits for ASGI's disconnect message once the body is read.
    `write` waits while the caller's buffers are full.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._headers: Headers = scope.get("headers", [])
        self._receive = receive
        self._send = send
        self._finished = False
        self._callbacks: list[Callable[[], None]] = []
        self._watcher: asyncio.Task[None] | None = None
        self._body_read = False
        self.started = False
        self.left = False
        self.unsent = 0

    def on_leave(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once, synchronously, as soon as the caller is gone; at once if so.

        Not if the answer was complete by then, nor after `abort`.
        """
        if self.left:
            callback()
        else:
            self._callbacks.append(callback)
            self._watch()

    async def read_body(self, limit: int) -> bytes:
        """The whole body, decompressed; at most `limit` bytes before and after.

        Raises Refused where it is too large, damaged, stalled or in a coding that is not known,
        and CallerLeft.
        """
        if self._declared_length() > limit:
            raise too_large(limit)
        gathering = Gathering(self._header(b"content-encoding"), limit)
        more = True
        while more:
            message = await self._receive_body()
            gathering.add(message.get("body", b""))
            more = message.get("more_body", False)
        self._body_read = True
        if self._callbacks:
            self._watch()
        return gathering.whole()

    async def read_piece(self) -> bytes:
        """The next bytes of the body as they came, ``b""`` at its end: in place of `read_body`.

        Raises Refused where it stalled, and CallerLeft.
        """
        while not self._body_read:
            message = await self._receive_body()
            self._body_read = not message.get("more_body", False)
            if self._body_read and self._callbacks:
                self._watch()
            if piece := bytes(message.get("body", b"")):
                return piece
        return b""

    async def start(self, status: int, headers: Headers) -> None:
        """Sends the status and the headers. Raises UnsafeHeader before anything is sent."""
        check_headers(headers)
        check_status(status)
        self._check_present()
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        self._check_present()

    async def write(self, data: bytes) -> None:
        """Sends a piece of the body; returns once the caller's buffers have room."""
        if self.left:
            raise CallerLeft
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        if self.left:
            raise CallerLeft

    async def finish(self) -> None:
        """Ends the body, properly."""
        await self._end(b"")

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer at once, with its length."""
        await self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self._end(body)

    def abort(self) -> None:
        """Cuts the caller off: the body is broken off, not ended, and what is buffered is lost.

        The application must return right after; the server then breaks the body off.
        """
        self._stop_watching()
        self._callbacks.clear()
        self.left = True

    def pushing(self) -> PushedBody | None:
        """There is none: messages are awaited."""
        return None

    def close(self) -> None:
        """Lets go of the watcher task, if one was needed. Call it when the exchange is over."""
        self._stop_watching()

    async def _end(self, body: bytes) -> None:
        self._check_present()
        self._finished = True
        self._callbacks.clear()
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
        self._stop_watching()
        self._check_present()

    def _check_present(self) -> None:
        if self.left:
            raise CallerLeft

    async def _receive_body(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._leave()
            raise CallerLeft
        return message

    def _declared_length(self) -> int:
        text = self._header(b"content-length")
        if not (text.isascii() and text.isdigit()):
            return 0
        return int(text) if len(text) < _MAX_DIGITS else sys.maxsize

    def _header(self, name: bytes) -> str:
        """The values of a header, joined as one list."""
        values = [value for known, value in self._headers if known == name]
        return b", ".join(values).decode("latin-1") if values else ""

    def _leave(self) -> None:
        self.left = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def _watch(self) -> None:
        if self._watcher is None and self._body_read and not self._finished:
            self._watcher = asyncio.get_running_loop().create_task(self._wait_for_leaving())

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._finished:
            self._leave()

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None


def check_status(status: int) -> None:
    """Raises ValueError where an answer with that status would not be the last one."""
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not the status of a final answer")
