"""Calls that are left, and callers or backends that are slower than the other side."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.upstream.peers import CHUNKED, HEAD, call_to, listening, pool, request, rest

on_linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks the kernel")

# Calls that are left


async def test_a_body_that_was_left_closes_the_connection_at_once() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(CHUNKED + b"3\r\none\r\n")
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        assert await answer.read() == b"one"
        answer.close()
        await peer.until_gone(1)


@on_linux
async def test_a_thousand_cancelled_calls_leave_no_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(HEAD)  # its end never comes
        await reader.read()

    await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 0)  # what a loop opens for itself
    async with listening(serve) as peer, pool() as upstream:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            calls = [asyncio.ensure_future(upstream.send(call_to(peer.port))) for _ in range(50)]
            for turns, call in enumerate(calls):
                if turns % 5 == 0:
                    await asyncio.sleep(0)  # they are cancelled in every state
                call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert upstream.idle == 0
        async with asyncio.timeout(20):
            # Both ends are in this process; none may be left.
            while len(os.listdir("/proc/self/fd")) > before or peer.gone < peer.made:
                await asyncio.sleep(0.01)


async def test_a_cancelled_call_closes_its_connection() -> None:
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        arrived.set()
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        sending = asyncio.ensure_future(upstream.send(call_to(peer.port)))
        await arrived.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await peer.until_gone(1)


# Who is faster than whom


@on_linux
async def test_who_does_not_read_stops_the_backend() -> None:
    size, sent, stalled = 64 * 1024 * 1024, 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await request(reader)
        writer.write(HEAD + b"content-length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(b"x" * 65536)
            sent += 65536
            try:
                async with asyncio.timeout(0.3):
                    await writer.drain()
            except TimeoutError:
                stalled.set()
                await writer.drain()

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        before = _memory_kb()
        await stalled.wait()
        assert _memory_kb() - before < 4 * 1024
        assert sent < size
        got = 0
        while data := await answer.read():
            got += len(data)
        assert got == size
        answer.close()


def _memory_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def test_an_answer_that_comes_before_the_request_is_sent_is_heard() -> None:
    reply = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        await asyncio.Event().wait()

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port, body=b"x" * 32 * 1024 * 1024))
        assert answer.status == 413
        assert await rest(answer) == b"big"
        answer.close()
        assert upstream.idle == 0
