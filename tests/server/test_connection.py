"""The connection as an exchange sees it."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import pytest
import uvloop
from typing_extensions import override

from headgate.server.connection import Connection, reset
from tests.server.wire import Transport

NewLoop = Callable[[], asyncio.AbstractEventLoop]


class Watching(asyncio.Protocol):
    """Says that it met its peer, and knows when it lost it."""

    def __init__(self, met: "asyncio.Queue[Watching]") -> None:
        self.lost = asyncio.Event()
        self._met = met

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("socket").getpeername()
        self._met.put_nowait(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def test_leaving_is_told_once_and_at_once() -> None:
    connection, told = Connection(Transport()), list[str]()
    connection.on_leave(lambda: told.append("first"))
    connection.leave()
    connection.leave()
    connection.on_leave(lambda: told.append("late"))
    assert told == ["first", "late"]
    assert connection.left


def test_nobody_leaves_a_complete_answer() -> None:
    connection, told = Connection(Transport()), list[str]()
    connection.on_leave(lambda: told.append("left"))
    connection.complete()
    connection.leave()
    assert told == []
    assert not connection.left


def test_an_abort_closes_and_is_no_leaving() -> None:
    transport = Transport()
    connection, told = Connection(transport), list[str]()
    connection.on_leave(lambda: told.append("left"))
    connection.abort()
    connection.abort()
    connection.leave()
    assert transport.closed
    assert connection.left
    assert told == []


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_connection_that_is_closed_already_can_be_reset(new_loop: NewLoop) -> None:
    async def close_and_reset() -> None:
        loop = asyncio.get_running_loop()
        met: asyncio.Queue[Watching] = asyncio.Queue()
        server = await loop.create_server(lambda: Watching(met), "127.0.0.1", 0)
        caller = socket.create_connection(server.sockets[0].getsockname())
        protocol = await met.get()
        caller.close()
        await protocol.lost.wait()
        server.close()
        reset(protocol.transport)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(close_and_reset())
