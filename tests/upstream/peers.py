"""Backends below HTTP for the tests of the client: each connection is served by a function."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from headgate.upstream.answer import Answer, Call
from headgate.upstream.http import HttpUpstream

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
OK = HEAD + b"content-length: 2\r\n\r\nok"


class Peer:
    """A listening server. ``made`` and ``gone`` count connections."""

    def __init__(self, serve: Serve) -> None:
        self.made = 0
        self.gone = 0
        self.port = 0
        self.changed = asyncio.Event()
        self._serve = serve
        self._tasks: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        self._tasks.append(asyncio.ensure_future(self._connected(reader, writer)))

    async def until_gone(self, count: int) -> None:
        """Waits until so many connections were ended by either side."""
        async with asyncio.timeout(10):
            while self.gone < count:
                self.changed.clear()
                await self.changed.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            self.gone += 1
            self.changed.set()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    peer = Peer(serve)
    server = await asyncio.start_server(peer.accept, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await peer.stop()


@contextlib.asynccontextmanager
async def pool(**chosen: object) -> AsyncIterator[HttpUpstream]:
    """A client that hears nothing of this machine's proxies."""
    upstream = HttpUpstream(**{"environment": {}, **chosen})  # type: ignore[arg-type]
    try:
        yield upstream
    finally:
        await upstream.aclose()


def call_to(port: int, **changed: object) -> Call:
    said: dict[str, object] = {
        "method": "POST",
        "url": f"http://127.0.0.1:{port}/v1/x?beta=true",
        "headers": (("x-a", "b"), ("accept-encoding", "identity")),
        "body": b"hello",
    }
    return Call(**{**said, **changed})  # type: ignore[arg-type]


async def request(reader: asyncio.StreamReader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return head + await reader.readexactly(int(length or 0))


def answering(data: bytes, requests: list[bytes] | None = None, times: int = 1) -> Serve:
    """Gives each of the first requests of a connection the same answer, then closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            asked = await request(reader)
            if requests is not None:
                requests.append(asked)
            writer.write(data)
            await writer.drain()

    return serve


async def rest(answer: Answer) -> bytes:
    out = b""
    while data := await answer.read():
        out += data
    return out


async def whole(upstream: HttpUpstream, call: Call) -> bytes:
    answer = await upstream.send(call)
    try:
        return await rest(answer)
    finally:
        answer.close()
