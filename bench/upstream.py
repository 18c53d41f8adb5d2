"""A backend that costs next to nothing: fixed bytes, paced chunks. Run it as a process.

Usage: python -m bench.upstream PORT CHUNKS PACE_MS
"""

import asyncio
import sys
from typing import cast

import uvloop

_REPLY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hello there"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
)
_JSON = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_REPLY)
) + _REPLY
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _chunk(delta: bytes, finish: bytes = b"null") -> bytes:
    frame = (
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
        b'"choices":[{"index":0,"delta":' + delta + b',"finish_reason":' + finish + b"}]}\n\n"
    )
    return _framed(frame)


def _framed(frame: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(frame), frame)


_FIRST = _chunk(b'{"role":"assistant","content":""}')
_WORD = _chunk(b'{"content":" word"}')
_LAST = _chunk(b"{}", b'"stop"') + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Backend(asyncio.Protocol):
    """Answers each request on a connection, streams where the body asks for one."""

    def __init__(self, chunks: int, pace_s: float) -> None:
        self._chunks = chunks
        self._pace_s = pace_s
        self._buffer = b""
        self._left = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, body = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = body[length:]
        self._answer(b'"stream":true' in body[:length])

    def _answer(self, stream: bool) -> None:
        assert self._transport is not None
        if not stream:
            self._transport.write(_JSON)
            return
        self._transport.write(_HEAD + _FIRST)
        self._left = self._chunks
        asyncio.get_running_loop().call_later(self._pace_s, self._tick)

    def _tick(self) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        self._left -= 1
        if self._left < 0:
            self._transport.write(_LAST)
            return
        self._transport.write(_WORD)
        asyncio.get_running_loop().call_later(self._pace_s, self._tick)


async def main(port: int, chunks: int, pace_s: float) -> None:
    """Serves until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Backend(chunks, pace_s), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
