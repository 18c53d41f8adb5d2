"""Serving the scripted upstream on a socket, with connections that a script can reset."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from headgate.mock.perform import RESET, Receive, Scope, Send

Served = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the `RESET` extension, and without Nagle's delay."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio turns the delay off only for sockets that name their protocol number."""
        super().connection_made(transport)
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @override
    def on_message_begin(self) -> None:
        """Offers the extension to the application."""
        super().on_message_begin()
        extensions: dict[str, Any] = {RESET: {"reset": self._reset}}
        self.scope["extensions"] = extensions

    async def _reset(self) -> None:
        # Bytes that are still in our buffer would be thrown away with the connection.
        self.transport.set_write_buffer_limits(0)
        await self.flow.drain()
        peer = self.transport.get_extra_info("socket")
        # Closing without lingering sends RST where an ordinary close would send FIN.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def bind(host: str, port: int) -> socket.socket:
    """A socket to listen on; port 0 takes a free one. Raises OSError, which names the address."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"cannot listen on {host}:{port}: {reason}") from error


def url_of(listener: socket.socket) -> str:
    """The address of a bound socket, without a path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def listening(app: Served, listener: socket.socket) -> AsyncIterator[None]:
    """Serves `app` on `listener` until the block ends; then every connection is closed at once."""
    config = uvicorn.Config(
        app, http=ResettableProtocol, ws="none", lifespan="off", log_config=None
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: ResettableProtocol(config, state, {}), sock=listener, backlog=1024
    )
    try:
        yield
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            # Each of them sees that its caller is gone.
            await asyncio.wait(state.tasks)
