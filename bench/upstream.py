"""A backend that costs next to nothing: fixed bytes, paced chunks. Run it as a process.

Usage: ``python -m bench.upstream PORT TLS_PORT CERTIFICATE KEY``. ``POST /__shape`` with a `Shape`
says what the streams that begin from then on look like.
"""

import asyncio
import re
import ssl
import sys
import time
from typing import cast

import msgspec
import uvloop
from typing_extensions import override

STAMP = b"~"
"""Stands before the sixteen letters of a time in a stamped chunk's text."""
DIGITS = b"abcdefghij"
"""Letters and not digits, since a policy may take a long number for a card's."""


class Shape(msgspec.Struct, frozen=True):
    """Of a stream: so many chunks of text, so far apart; with ``stamped`` each tells when it left
    (microseconds of the monotonic clock)."""

    chunks: int = 200
    pace_ms: float = 10.0
    stamped: bool = False


_REPLY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hello there"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
)
_JSON = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_REPLY)
) + _REPLY
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_DONE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_STREAM = re.compile(rb'"stream" ?: ?true')
_USAGE = re.compile(rb'"include_usage" ?: ?true')
_LETTERS = bytes.maketrans(b"0123456789", DIGITS)


def _frame(delta: bytes, finish: bytes = b"null") -> bytes:
    return _framed(
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
        b'"choices":[{"index":0,"delta":' + delta + b',"finish_reason":' + finish + b"}]}\n\n"
    )


def _framed(frame: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(frame), frame)


_FIRST = _frame(b'{"role":"assistant","content":""}')
# Not one word all the time: LiteLLM ends a stream that repeats itself a hundred times.
_WORDS = (_frame(b'{"content":" word"}'), _frame(b'{"content":" next"}'))
_STAMPED = _frame(b'{"content":"' + STAMP + b"0" * 16 + b'"}').split(b"0" * 16)
_FINISH = _frame(b"{}", b'"stop"')
_USED = _framed(
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":200,"total_tokens":209}}\n\n'
)
_END = _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Backend(asyncio.Protocol):
    """Answers each request on a connection, streams where the body asks for one."""

    shape = Shape()

    def __init__(self) -> None:
        self._buffer = b""
        self._pieces: list[bytes] = []
        self._missing = 0
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @override
    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._pieces.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._pieces)
            self._pieces, self._missing = [], 0
        self._buffer = data = self._buffer + data if self._buffer else data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = _LENGTH.search(data, 0, end)
        if length is None and not data.startswith(b"GET") and not data.endswith(b"0\r\n\r\n"):
            return  # a chunked body, whose end has not come
        missing = end + int(length[1]) - len(data) if length else 0
        if missing > 0:
            self._pieces, self._buffer, self._missing = [data], b"", missing
            return
        self._buffer = b""
        self._answer(data)

    def _answer(self, request: bytes) -> None:
        assert self._transport is not None
        if _STREAM.search(request):
            Telling(self._transport, Backend.shape, _USAGE.search(request) is not None)
        elif request.startswith(b"POST /__shape"):
            Backend.shape = msgspec.json.decode(request.partition(b"\r\n\r\n")[2], type=Shape)
            self._transport.write(_DONE)
        else:
            self._transport.write(_JSON)


class Telling:
    """One stream on its way: a timer a chunk, on a schedule that lateness does not shift."""

    __slots__ = ("_at_s", "_left", "_loop", "_shape", "_transport", "_usage")

    def __init__(self, transport: asyncio.Transport, shape: Shape, usage: bool) -> None:
        self._transport, self._shape, self._usage = transport, shape, usage
        self._left = shape.chunks
        self._loop = asyncio.get_running_loop()
        self._at_s = self._loop.time()
        transport.write(_HEAD + _FIRST)
        self._wait()

    def _wait(self) -> None:
        self._at_s += self._shape.pace_ms / 1000
        self._loop.call_at(self._at_s, self._tick)

    def _tick(self) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        self._left -= 1
        if self._left < 0:
            transport.write(_FINISH + (_USED if self._usage else b"") + _END)
            return
        transport.write(_stamped() if self._shape.stamped else _WORDS[self._left % 2])
        self._wait()


def _stamped() -> bytes:
    letters = (b"%016d" % (time.monotonic_ns() // 1000)).translate(_LETTERS)
    return _STAMPED[0] + letters + _STAMPED[1]


async def main(port: int, tls_port: int, certificate: str, key: str) -> None:
    """Serves until it is ended."""
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    host = "127.0.0.1"
    async with (
        await loop.create_server(Backend, host, port, backlog=4096) as plain,
        await loop.create_server(Backend, host, tls_port, ssl=context, backlog=4096),
    ):
        await plain.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))
