"""A real listening server with a recording application, and the raw bytes that talk to it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from typing_extensions import override
from uvicorn.config import Config

from headgate.model.fault import Refused
from headgate.ports import CallerLeft
from headgate.server.direct import CallersEnd, downstream_of
from headgate.server.door import Door
from headgate.server.interface import App, Receive, Scope, Send
from headgate.server.limits import Limits
from headgate.server.protocol import Protocol, bounded
from headgate.server.state import State

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")

Conduct = Callable[[CallersEnd, Scope], Awaitable[None]]


class Answer(msgspec.Struct):
    """One answer as it came over the wire."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Recorder:
    """An application that notes every request whose body came whole, and answers ``ok``."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes, bytes]] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        downstream = downstream_of(scope, receive, send)
        try:
            body = await downstream.read_body(1 << 20)
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            self.seen.append((scope["method"], scope["raw_path"] + query, body))
            self.scopes.append(scope)
            await downstream.respond(200, [], b"ok")
        except CallerLeft:
            pass
        except Refused as refusal:
            await downstream.respond(refusal.fault.http_status, [], b"no")
        finally:
            downstream.close()


def app_of(conduct: Conduct) -> App:
    """An application that is one function of the downstream."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        downstream = downstream_of(scope, receive, send)
        try:
            await conduct(downstream, scope)
        except CallerLeft:
            pass
        finally:
            downstream.close()

    return app


LEFT = {"pool": "p"}
"""What the lifespan left for requests."""


def make_protocol(app: App, limits: Limits, state: State, door: Door | None = None) -> Protocol:
    """One connection's protocol, as the worker makes it."""
    config = Config(app, lifespan="off", interface="asgi3", log_config=None)
    config.load()
    made = bounded(limits, lambda: door)
    return made(config, state, dict(LEFT))


class Listener:
    """A listening server: its port, and the protocol of every connection so far."""

    def __init__(self, app: App, limits: Limits) -> None:
        self.port = 0
        self.state = State()
        self.protocols: list[Protocol] = []
        self._app = app
        self._limits = limits

    def open(self) -> Protocol:
        protocol = make_protocol(self._app, self._limits, self.state)
        self.protocols.append(protocol)
        return protocol


@contextlib.asynccontextmanager
async def listening(app: App, limits: Limits | None = None) -> AsyncIterator[Listener]:
    """A server that serves `app`; at the end all its connections are cut."""
    listener = Listener(app, limits or Limits())
    server = await asyncio.get_running_loop().create_server(listener.open, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for protocol in listener.protocols:
            if protocol in listener.state.connections:
                protocol.cut_off()
        while listener.state.tasks or listener.state.connections:
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to `port`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Transport(asyncio.Transport):
    """A transport without a socket: notes what is written and whether it was closed, if only its
    sending half; behind that nothing can be written, as on a real one."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False
        self.ended = False
        self.cut = False
        self.unsent = 0

    @override
    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        if self.ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        self.written += data

    @override
    def is_closing(self) -> bool:
        return self.closed and not self.ended

    @override
    def close(self) -> None:
        self.closed = True

    @override
    def abort(self) -> None:
        self.closed = self.cut = True

    @override
    def get_write_buffer_size(self) -> int:
        return self.unsent

    @override
    def can_write_eof(self) -> bool:
        return True

    @override
    def write_eof(self) -> None:
        self.closed = self.ended = True

    @override
    def pause_reading(self) -> None: ...

    @override
    def resume_reading(self) -> None: ...


async def say(port: int, raw: bytes) -> bytes:
    """Everything the server says to `raw` until it closes."""
    async with client(port) as (reader, writer):
        writer.write(raw)
        return await reader.read()


def read_answers(data: bytes) -> list[Answer]:
    """The answers in what a server said; one without a length goes to the end."""
    answers: list[Answer] = []
    while data:
        match = _STATUS.match(data)
        assert match is not None, f"not an answer: {data[:200]!r}"
        lines = [line.partition(b": ") for line in match[2].split(b"\r\n") if line]
        headers = {name: value for name, _, value in lines}
        data = data[match.end() :]
        length = 0 if match[1] == b"100" else int(headers.get(b"content-length", len(data)))
        answers.append(Answer(int(match[1]), headers, data[:length]))
        data = data[length:]
    return answers
