"""One request and the writing of its answer: status line, framing, the last byte.

The reading half, `receive`, is uvicorn's. The writing half is ours because uvicorn's sends
chunked bodies to HTTP/1.0 peers and ends a refused upload with a reset.
"""

import secrets
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from headgate.model.fault import Fault
from headgate.server.connection import Connection
from headgate.server.header_text import check_headers
from headgate.server.interface import Headers, Message
from headgate.server.refusal import write_body

_NO_BODY = frozenset((204, 304))


class Cycle(RequestResponseCycle):
    """uvicorn's request and response, with our writing half.

    The framing is ours alone: an application's ``transfer-encoding`` is left out, its
    ``connection`` kept only while the connection lasts. A head whose body has a length waits for
    the first piece of that body, so that both leave in one packet.
    """

    def __init__(self, connection: Connection, **rest: Any) -> None:
        self.connection = connection
        super().__init__(**rest)
        self._unsent_head = b""
        self._left: int | None = None
        self._bodiless = False

    @property  # type: ignore[explicit-override]
    @override
    def disconnected(self) -> bool:
        """Whether the peer is gone: the connection's word, so that there is one truth."""
        return self.connection.left

    @disconnected.setter
    def disconnected(self, gone: bool) -> None:
        if gone:
            self.connection.leave()

    @override
    async def send(self, message: Message) -> None:  # type: ignore[override]
        await self.room()
        if self.connection.left:
            return
        if not self.response_started:
            self._begin(message)
        elif not self.response_complete:
            self._go_on(message)
        else:
            raise RuntimeError(f"{message['type']} after the answer was complete")

    def push(self, piece: bytes) -> bool:
        """Writes a piece of the body at once, as `send` does. False: the peer does not keep up."""
        if not self.connection.left:
            self._write_piece(piece, True)
        return not self.flow.write_paused

    async def room(self) -> None:
        """Waits until the peer keeps up, or is gone."""
        if self.flow.write_paused and not self.connection.left:
            await self.flow.drain()

    @override
    async def send_500_response(self) -> None:
        request_id = secrets.token_hex(16)
        fault = Fault(kind="internal", message="internal error")
        body = write_body(fault, self.scope["raw_path"], request_id)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _begin(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"{message['type']} before http.response.start")
        headers = list(message.get("headers", ()))
        check_headers(headers)
        status: int = message["status"]
        if self.more_body:
            self.keep_alive = False
        lines = [STATUS_LINE[status]]
        lines += [b"%b: %b\r\n" % header for header in self.default_headers]
        lines += self._lines(headers)
        self._bodiless = status in _NO_BODY or self.scope["method"] == "HEAD"
        ends_by_close = self.scope["http_version"] == "1.0"
        self.chunked_encoding = not (self._bodiless or ends_by_close or self._left is not None)
        if self.chunked_encoding:
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self.response_started = True
        self.waiting_for_100_continue = False
        if self._left and not self._bodiless:
            self._unsent_head = b"".join(lines)
        else:
            self.transport.write(b"".join(lines))

    def _lines(self, headers: Headers) -> list[bytes]:
        """The application's header lines; takes note of what concerns framing."""
        lines = []
        connection = b""
        for raw_name, value in headers:
            name = raw_name.lower()
            if name == b"connection":
                connection = value
                continue
            if name == b"transfer-encoding":
                continue
            if name == b"content-length":
                self._left = int(value)
            lines.append(b"%b: %b\r\n" % (name, value))
        if b"close" in connection.lower():
            self.keep_alive = False
        if not self.keep_alive:
            connection = b"close"
        if connection:
            lines.append(b"connection: %b\r\n" % connection)
        return lines

    def _go_on(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"{message['type']} after http.response.start")
        body = message.get("body", b"")
        more = message.get("more_body", False)
        self._write_piece(body, more)
        if not more:
            self._finish()

    def _write_piece(self, body: bytes, more: bool) -> None:
        if self._bodiless:
            pass
        elif self.chunked_encoding:
            self._write_chunk(body, more)
        else:
            self._write_plain(body)

    def _write_chunk(self, body: bytes, more: bool) -> None:
        end = b"" if more else b"0\r\n\r\n"
        if body:
            self.transport.write(b"%x\r\n%b\r\n%b" % (len(body), body, end))
        elif end:
            self.transport.write(end)

    def _write_plain(self, body: bytes) -> None:
        if self._left is not None:
            if len(body) > self._left:
                raise RuntimeError("an answer longer than its content-length")
            self._left -= len(body)
        if self._unsent_head:
            body = self._unsent_head + body
            self._unsent_head = b""
        if body:
            self.transport.write(body)

    def _finish(self) -> None:
        if self._left and not self._bodiless:
            raise RuntimeError("an answer shorter than its content-length")
        self.response_complete = True
        self.connection.complete()
        self.message_event.set()
        self.on_response()
