"""On a socket: endings are real, bytes are separate, nothing is left behind."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from headgate.mock.listen import ResettableProtocol, bind, listening, url_of
from headgate.mock.script import scripts_from
from headgate.mock.server import MockUpstream, create_app
from headgate.wire import json_text
from tests.mock.driver import chat


@contextlib.asynccontextmanager
async def connection(
    app: MockUpstream,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A raw connection to a served `app`."""
    listener = bind("127.0.0.1", 0)
    async with listening(app, listener):
        port = listener.getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()


def request() -> bytes:
    body = json_text.encode(chat("one", "two", stream=True))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def ask(writer: asyncio.StreamWriter) -> None:
    writer.write(request())
    await writer.drain()


async def test_a_whole_answer_ends_and_the_connection_can_be_used_again() -> None:
    async with connection(create_app()) as (reader, writer):
        for _ in range(2):
            await ask(writer)
            answer = await reader.readuntil(b"0\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"data: [DONE]" in answer


async def test_a_disconnection_at_once_is_a_reset_after_the_headers() -> None:
    head, _, body = (await until_reset({"disconnect_after": 0})).partition(b"\r\n\r\n")
    assert b"text/event-stream" in head
    assert body == b""


async def test_a_disconnection_later_is_a_reset_after_those_events() -> None:
    got = await until_reset({"disconnect_after": 2})
    assert got.count(b"data: ") == 2
    assert not got.endswith(b"0\r\n\r\n")


async def test_a_large_event_is_handed_over_before_the_reset() -> None:
    size = 32_000_000
    got = await until_reset({"events": ["x" * size], "disconnect_after": 1})
    # The kernel may drop what it still holds; that is a few megabytes.
    assert len(got) > size // 2


async def until_reset(script: dict[str, Any]) -> bytes:
    """What a plain socket gets until its connection is reset; fails where it is closed."""
    app = create_app()
    app.follow(scripts_from(script))
    listener = bind("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    got = bytearray()
    async with listening(app, listener):
        with socket.create_connection(listener.getsockname()) as client:
            client.setblocking(False)
            await loop.sock_sendall(client, request())
            with pytest.raises(ConnectionResetError):
                await drain_into(got, client)
    assert app.requests()[0]["finished"] is True
    assert app.requests()[0]["caller_left"] is False
    return bytes(got)


async def drain_into(got: bytearray, client: socket.socket) -> None:
    while piece := await asyncio.get_running_loop().sock_recv(client, 1 << 20):
        got += piece


async def test_a_clean_end_without_terminator_is_a_whole_body() -> None:
    app = create_app()
    app.follow(scripts_from({"events": [{"a": 1}], "no_terminator": True}))
    async with connection(app) as (reader, writer):
        await ask(writer)
        answer = await reader.readuntil(b"0\r\n\r\n")
        assert b'{"a":1}' in answer
        assert b"[DONE]" not in answer


async def test_a_stall_keeps_the_connection_until_the_caller_leaves() -> None:
    app = create_app()
    app.follow(scripts_from({"stall_after": 1}))
    listener = bind("127.0.0.1", 0)
    async with listening(app, listener):
        port = listener.getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await ask(writer)
        await reader.readuntil(b"data: ")
        assert app.requests()[0]["finished"] is False
        writer.close()
        async with asyncio.timeout(10):
            while not app.requests()[0]["caller_left"]:
                await asyncio.sleep(0)


async def test_closing_ends_what_still_runs() -> None:
    app = create_app()
    app.follow(scripts_from({"stall_after": 0}))
    async with connection(app) as (reader, writer):
        await ask(writer)
        await reader.readuntil(b"\r\n\r\n")
    assert app.requests()[0]["caller_left"] is True


def test_nagles_delay_is_off_on_every_connection() -> None:
    class Transport(asyncio.Transport):
        """A connected socket and nothing else."""

        def __init__(self, peer: socket.socket) -> None:
            super().__init__({"socket": peer, "peername": None, "sockname": None})

    with bind("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
        with client, peer:
            config = uvicorn.Config(create_app(), log_config=None, lifespan="off")
            loop = asyncio.new_event_loop()
            protocol = ResettableProtocol(config, ServerState(), {}, loop)
            protocol.connection_made(Transport(peer))
            loop.close()
            assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_an_address_in_use_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"^cannot listen on 127.0.0.1:{port}: "):
            bind("127.0.0.1", port)


def test_the_url_has_no_path() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_a_url_puts_ipv6_in_brackets() -> None:
    with bind("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")
