"""The way through a proxy to a host: CONNECT and its answer (RFC 9110 section 9.3.6)."""

import asyncio

from typing_extensions import override

from headgate.upstream.framing import Malformed
from headgate.upstream.head import head_end, read_head
from headgate.upstream.proxies import Proxy


class ProxyRefused(OSError):  # noqa: N818 - named for the fact
    """A proxy does not let a call through."""


class Tunnel(asyncio.Protocol):
    """The connection to a proxy until the proxy has opened the way."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._open: asyncio.Future[None] = loop.create_future()
        self._held = b""

    async def open(self, transport: asyncio.WriteTransport, authority: str, proxy: Proxy) -> None:
        """Asks for the way to `authority` (host and port). Raises ProxyRefused."""
        lines = [f"CONNECT {authority} HTTP/1.1", f"host: {authority}"]
        if proxy.authorization:
            lines.append(f"proxy-authorization: {proxy.authorization}")
        transport.write("\r\n".join([*lines, "", ""]).encode("ascii"))
        await self._open

    @override
    def data_received(self, data: bytes) -> None:
        if self._open.done():
            return
        seen = len(self._held)
        self._held += data
        try:
            while end := head_end(self._held, seen):
                status = read_head(self._held[:end]).status
                self._held, seen = self._held[end:], 0
                if status >= 200:
                    self._judge(status)
                    return
        except Malformed:
            self._refuse("the proxy did not answer in HTTP")

    @override
    def eof_received(self) -> None:
        self._refuse("the proxy closed the connection")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._refuse("the proxy closed the connection")

    def _judge(self, status: int) -> None:
        if status >= 300:
            self._refuse(f"the proxy answered {status}")
        elif self._held:
            # Whoever speaks before us is not the host that we asked for.
            self._refuse("the proxy sent bytes of its own")
        elif not self._open.done():
            self._open.set_result(None)

    def _refuse(self, why: str) -> None:
        if not self._open.done():
            self._open.set_exception(ProxyRefused(why))
