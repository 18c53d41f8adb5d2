import asyncio

import pytest
from typing_extensions import override

from headgate.upstream.proxies import Proxy
from headgate.upstream.tunnel import ProxyRefused, Tunnel


class FakeTransport(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


async def _opened(answer: bytes, size: int, authorization: str = "") -> bytes:
    tunnel = Tunnel(asyncio.get_running_loop())
    transport = FakeTransport()
    proxy = Proxy("http", "p.test", 1, authorization)
    opening = asyncio.ensure_future(tunnel.open(transport, "a.test:443", proxy))
    await asyncio.sleep(0)
    for at in range(0, len(answer), size):
        tunnel.data_received(answer[at : at + size])
    if not answer:
        tunnel.eof_received()
    tunnel.connection_lost(None)
    await opening
    return transport.written


async def test_the_way_is_asked_for_with_the_proxys_credentials() -> None:
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    assert await _opened(opened, 999) == b"CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n"
    asked = await _opened(opened, 1, "Basic x")
    assert asked.endswith(b"\r\nproxy-authorization: Basic x\r\n\r\n")


@pytest.mark.parametrize("size", [1, 999])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 407 Who\r\ncontent-length: 3\r\n\r\nwho", "answered 407"),
        (b"HTTP/1.1 302 Go\r\nlocation: x\r\n\r\n", "answered 302"),
        (b"SSH-2.0\r\n\r\n", "not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nx", "closed"),
        (b"", "closed"),
    ],
)
async def test_a_proxy_that_does_not_open_the_way_refused(
    answer: bytes, why: str, size: int
) -> None:
    with pytest.raises(ProxyRefused, match=why):
        await _opened(answer, size)


async def test_bytes_of_a_proxys_own_are_never_taken_for_the_hosts() -> None:
    with pytest.raises(ProxyRefused, match="bytes of its own"):
        await _opened(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 999)


async def test_interim_answers_are_waited_through() -> None:
    await _opened(b"HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 999)
