import asyncio
import os
import socket

import pytest

from headgate.upstream.connection import Connection, Origin
from tests.upstream.peers import listening

ORIGIN: Origin = ("http", "a.test", 80, "")


class FakeKeeper:
    def __init__(self) -> None:
        self.kept: list[Connection] = []
        self.forgotten: list[Connection] = []
        self.forgot = asyncio.Event()

    def keep(self, connection: Connection, idle_s: float | None) -> None:
        self.kept.append(connection)

    def forget(self, connection: Connection) -> None:
        self.forgotten.append(connection)
        self.forgot.set()


class FakeReceiver:
    def __init__(self) -> None:
        self.data = b""
        self.ends: list[bool] = []
        self.told = asyncio.Event()

    def feed(self, data: bytes) -> None:
        self.data += data
        self.told.set()

    def lost(self, clean: bool) -> None:
        self.ends.append(clean)
        self.told.set()

    async def hears(self) -> None:
        await self.told.wait()
        self.told.clear()


async def _connected(port: int) -> tuple[Connection, FakeKeeper]:
    keeper = FakeKeeper()
    connection = Connection(keeper, ORIGIN)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: connection, "127.0.0.1", port)
    return connection, keeper


@pytest.mark.parametrize("size", [5, 64 * 1024, 1024 * 1024])
async def test_a_request_is_sent_whole_and_its_answer_told(size: int) -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readexactly(4 + size))
        writer.write(b"answer")
        await reader.read()

    async with listening(serve) as peer:
        connection, keeper = await _connected(peer.port)
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"x" * size)
        await receiver.hears()
        assert receiver.data == b"answer"
        connection.release(None)
        assert keeper.kept == [connection]
        connection.abort()
        await peer.until_gone(1)
    assert got == [b"head" + b"x" * size]


async def test_a_small_request_leaves_in_one_piece() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(65536))

    async with listening(serve) as peer:
        connection, _ = await _connected(peer.port)
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"body")
        await receiver.hears()
        connection.abort()
        await peer.until_gone(1)
    assert got == [b"headbody"]
    assert receiver.ends == [True]


async def test_the_backends_close_makes_a_kept_connection_forgotten() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with listening(serve) as peer:
        connection, keeper = await _connected(peer.port)
        await keeper.forgot.wait()
        assert not connection.usable
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"")
        assert receiver.ends == [False]
        connection.abort()


async def test_bytes_that_nobody_asked_for_end_a_kept_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await reader.read()

    async with listening(serve) as peer:
        connection, keeper = await _connected(peer.port)
        await keeper.forgot.wait()
        assert not connection.usable
        await peer.until_gone(1)


@pytest.mark.parametrize("said", [b"more", b""], ids=["bytes", "the end"])
async def test_what_the_loop_has_not_read_yet_is_known(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(os.dup(writer.get_extra_info("socket").fileno()))
        writer.write(b"answer")
        await reader.read()

    ends: list[int] = []
    async with listening(serve) as peer:
        connection, _ = await _connected(peer.port)
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"")
        await receiver.hears()
        assert connection.quiet
        with socket.socket(fileno=ends[0]) as end:
            end.send(said) if said else end.shutdown(socket.SHUT_WR)
            assert not connection.quiet
        connection.abort()


async def test_a_request_that_has_not_left_keeps_the_connection_from_the_next() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"answer")
        await asyncio.Event().wait()

    async with listening(serve) as peer:
        connection, keeper = await _connected(peer.port)
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"x" * 32 * 1024 * 1024)
        await receiver.hears()
        connection.release(None)
        assert not keeper.kept
        assert not connection.usable


async def test_a_writer_waits_for_room_and_is_woken_by_the_end() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        await asyncio.Event().wait()

    async with listening(serve) as peer:
        connection, _ = await _connected(peer.port)
        connection.ask(FakeReceiver(), b"head", b"")
        writing = asyncio.ensure_future(connection.write(b"x" * 32 * 1024 * 1024))
        await asyncio.sleep(0.05)
        assert not writing.done()
        connection.abort()
        await writing
        await connection.write(b"nobody hears this")


async def test_a_reset_is_no_clean_end() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with listening(serve) as peer:
        connection, _ = await _connected(peer.port)
        receiver = FakeReceiver()
        connection.ask(receiver, b"head", b"")
        await receiver.hears()
        assert receiver.ends == [False]
        connection.abort()
