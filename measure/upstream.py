"""A backend that costs next to nothing: one fixed reply, or one fixed stream at a fixed pace.

Usage: python -m measure.upstream PORT
"""

import asyncio
import sys
from typing import cast

import uvloop
from typing_extensions import override

_REPLY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Hello there"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_REPLY)
) + _REPLY

CHUNKS = 100
PACE_S = 0.005


def _chunk(said: bytes) -> bytes:
    frame = (
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,' + said + b"\n\n"
    )
    return b"%x\r\n%b\r\n" % (len(frame), frame)


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_PIECE = _chunk(b'"model":"m","choices":[{"index":0,"delta":{"content":" word"}}]}')
_FINISH = _chunk(b'"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
_USAGE = _chunk(
    b'"model":"m","choices":[],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":100,"total_tokens":109}}'
)
_END = _FINISH + _USAGE + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Backend(asyncio.Protocol):
    """Answers each request of a connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @override
    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        head, mark, body = self._buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) >= length:
            self._buffer = body[length:]
            if b'"stream":true' in body[:length]:
                self._transport.write(_HEAD)
                self._go_on(CHUNKS)
            else:
                self._transport.write(_ANSWER)

    def _go_on(self, left: int) -> None:
        assert self._transport is not None
        self._transport.write(_PIECE if left else _END)
        if left and not self._transport.is_closing():
            asyncio.get_running_loop().call_later(PACE_S, self._go_on, left - 1)


async def main(port: int) -> None:
    """Serves until it is ended."""
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
