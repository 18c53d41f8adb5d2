"""One request and its answer on the wire: the body in; status line, framing and last byte out.

It can be used in two ways: by calls, which never wait, and by ASGI's messages.
"""

import asyncio
import http
import logging
import secrets
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl

from headgate.model.fault import Fault
from headgate.server.connection import Connection
from headgate.server.head import Head
from headgate.server.header_text import header_lines
from headgate.server.interface import Headers, Message
from headgate.server.refusal import write_body

_LOG = logging.getLogger(__name__)
_NO_BODY = frozenset((204, 304))
_FRAMING = frozenset((b"connection", b"transfer-encoding", b"content-length"))
_OURS = frozenset((b"connection", b"transfer-encoding"))
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = b"connection: close\r\n"


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(100, 600)}


def write_answer(status: int, lines: bytes, body: bytes, keep_alive: bool) -> bytes:
    """A whole answer to a request that may have one with a body; `lines` are those of its head
    but for the framing."""
    connection = b"" if keep_alive else _CLOSE
    return b"%b%bcontent-length: %d\r\n%b\r\n%b" % (
        _STATUS_LINES[status],
        lines,
        len(body),
        connection,
        body,
    )


class Cycle(Connection):
    """The framing is ours alone: an application's ``transfer-encoding`` is left out, its
    ``connection`` kept only while the connection lasts. A head whose body has a length waits for
    the first piece of that body, so that both leave in one packet.

    ``more_body``: more of the request's body is due. ``waits_for_word``: the peer sends its body
    only after it was told to. ``on_response`` is called once the answer is complete.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        head: Head,
        flow: FlowControl,
        own_lines: bytes,
        peername: tuple[str, int] | None,
        loopback: bool,
    ) -> None:
        super().__init__(transport, peername, loopback)
        self.head = head
        self.more_body = True
        self.keep_alive = head.keeps_alive
        self.waits_for_word = head.expects_continue
        self.response_started = False
        self.response_complete = False
        self.on_response: Callable[[], None] = _nothing
        self.flow = flow
        self._own_lines = own_lines
        self._body = b""
        self._more: list[bytes] = []
        self._size = 0
        self._news = False
        self._heard: asyncio.Event | None = None
        self._unsent_head = b""
        self._left: int | None = None
        self._bodiless = False
        self._chunked = False

    # The request's body

    def feed(self, data: bytes) -> int:
        """For the protocol: a piece of the body. How much of it nobody has taken yet."""
        if self._body:
            self._more.append(data)
        else:
            self._body = data
        self._size += len(data)
        self.tell()
        return self._size

    def tell(self) -> None:
        """For the protocol: there is news for who waits in `news`."""
        self._news = True
        if self._heard is not None:
            self._heard.set()

    @property
    def untaken(self) -> bool:
        """Whether some of what has come was not taken yet."""
        return self._size > 0

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        data = self._body
        if self._more:
            data = b"".join((data, *self._more))
            self._more.clear()
        self._body, self._size = b"", 0
        if self.flow.read_paused:
            self.flow.resume_reading()  # also behind the last piece: who leaves is to be noticed
        return data

    async def news(self) -> None:
        """Waits until something happened since the last time: bytes, the end, leaving."""
        if self.left or self.response_complete:
            return
        self.let_send()
        self.flow.resume_reading()
        if not self._news:
            if self._heard is None:
                self._heard = asyncio.Event()
            self._heard.clear()
            await self._heard.wait()
        self._news = False

    def let_send(self) -> None:
        """Says the word that the peer waits for, if it does."""
        if self.waits_for_word and not self.transport.is_closing():
            self.waits_for_word = False
            self.transport.write(_CONTINUE)

    # The answer, by calls

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer in one packet. Raises UnsafeHeader before anything is sent."""
        lines = header_lines(headers)
        if self.left:
            return
        plain = _FRAMING.isdisjoint([name for name, _ in headers])
        if not plain or status in _NO_BODY or self.head.method == "HEAD" or self.response_started:
            self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
            self.end(body)
            return
        if self.more_body:
            self.keep_alive = False
        self.response_started = True
        self.waits_for_word = False
        self.transport.write(write_answer(status, self._own_lines + lines, body, self.keep_alive))
        self._finish()

    def start(self, status: int, headers: Headers) -> None:
        """The head of an answer. Raises UnsafeHeader before anything is sent."""
        if self.response_started:
            raise RuntimeError("an answer in an answer")
        lines = self._lines(headers)
        self._bodiless = status in _NO_BODY or self.head.method == "HEAD"
        ends_by_close = self.head.version == "1.0"
        self._chunked = not (self._bodiless or ends_by_close or self._left is not None)
        if self._chunked:
            lines += b"transfer-encoding: chunked\r\n"
        head = b"%b%b%b\r\n" % (_STATUS_LINES[status], self._own_lines, lines)
        self.response_started = True
        self.waits_for_word = False
        if self._left and not self._bodiless:
            self._unsent_head = head
        else:
            self.transport.write(head)

    def push(self, piece: bytes) -> bool:
        """Writes a piece of the body. False: the peer does not keep up."""
        if not self.left:
            if self._chunked and piece:  # as `_write` does, a call less for each chunk of a stream
                self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            else:
                self._write(piece, False)
        return not self.flow.write_paused

    def end(self, piece: bytes = b"") -> None:
        """Writes the last piece of the body."""
        self._write(piece, True)
        if self._left and not self._bodiless:
            raise RuntimeError("an answer shorter than its content-length")
        self._finish()

    async def room(self) -> None:
        """Waits until the peer keeps up, or is gone."""
        if self.flow.write_paused and not self.left:
            await self.flow.drain()

    def conclude(self, error: BaseException | None) -> None:
        """For the protocol: who served the request is through with it, perhaps by an `error`."""
        if error is not None:
            _LOG.error("the application failed", exc_info=error)
        elif not (self.response_complete or self.left):
            _LOG.error("the application returned without completing its answer")
        if self.response_started:
            if error is not None or not (self.response_complete or self.left):
                self.transport.close()
        elif not self.left:
            self._apologise()
        self.on_response = _nothing

    def _apologise(self) -> None:
        request_id = secrets.token_hex(16)
        fault = Fault(kind="internal", message="internal error")
        body = write_body(fault, self.head.path.encode(), request_id)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        self.start(500, headers)
        self.end(body)

    def _lines(self, headers: Headers) -> bytes:
        """The application's header lines; takes note of what concerns framing."""
        lines = header_lines(headers)
        if self.more_body:
            self.keep_alive = False
        connection = b""
        if not _FRAMING.isdisjoint([name.lower() for name, _ in headers]):
            framing = {name.lower(): value for name, value in headers}
            connection = framing.get(b"connection", b"")
            if b"content-length" in framing:
                self._left = int(framing[b"content-length"])
            lines = header_lines([pair for pair in headers if pair[0].lower() not in _OURS])
        if b"close" in connection.lower():
            self.keep_alive = False
        if not self.keep_alive:
            connection = b"close"
        return lines + b"connection: %b\r\n" % connection if connection else lines

    def _write(self, piece: bytes, last: bool) -> None:
        if self._bodiless:
            return
        if self._chunked:
            end = b"0\r\n\r\n" if last else b""
            if piece:
                self.transport.write(b"%x\r\n%b\r\n%b" % (len(piece), piece, end))
            elif end:
                self.transport.write(end)
        else:
            self._write_plain(piece)

    def _write_plain(self, piece: bytes) -> None:
        if self._left is not None:
            if len(piece) > self._left:
                raise RuntimeError("an answer longer than its content-length")
            self._left -= len(piece)
        if self._unsent_head:
            piece = self._unsent_head + piece
            self._unsent_head = b""
        if piece:
            self.transport.write(piece)

    def _finish(self) -> None:
        self.response_complete = True
        self.complete()
        self.tell()
        self.on_response()

    # The same by messages

    async def receive(self) -> Message:
        """See ASGI."""
        await self.news()
        if self.left or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.take(), "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """See ASGI."""
        await self.room()
        if self.left:
            return
        kind = message["type"]
        if self.response_complete:
            raise RuntimeError(f"{kind} after the answer was complete")
        if kind != ("http.response.body" if self.response_started else "http.response.start"):
            raise RuntimeError(f"{kind} in the wrong place")
        if not self.response_started:
            self.start(message["status"], list(message.get("headers", ())))
        elif message.get("more_body", False):
            self._write(message.get("body", b""), False)
        else:
            self.end(message.get("body", b""))


def _nothing() -> None:
    """Nobody is told any more."""
