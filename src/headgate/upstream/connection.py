"""One connection to a backend: it carries one exchange at a time."""

import asyncio
import select
from typing import Protocol, cast

from typing_extensions import override

Origin = tuple[str, str, int, str]
"""Scheme, host, port and the proxy between: what makes two connections interchangeable."""

_JOINED = 64 * 1024
"""A body up to here leaves in one piece with its head; a longer one is not copied for that."""


class Receiver(Protocol):
    """Who is told what arrives."""

    def feed(self, data: bytes) -> None:
        """Bytes arrived."""
        ...

    def lost(self, clean: bool) -> None:
        """Nothing will arrive any more; `clean`: the backend ended it, and no error did."""
        ...


class Keeper(Protocol):
    """Who keeps connections between exchanges."""

    def keep(self, connection: "Connection", idle_s: float | None) -> None:
        """The connection can be used again, for `idle_s` where the backend said so."""
        ...

    def forget(self, connection: "Connection") -> None:
        """A kept connection was closed by the backend."""
        ...


class Connection(asyncio.Protocol):
    """A connection, from the moment when its transport is made."""

    __slots__ = (
        "_closing",
        "_keeper",
        "_receiver",
        "_transport",
        "_unread",
        "_writable",
        "_write_paused",
        "idle_until",
        "origin",
    )

    _transport: asyncio.Transport

    def __init__(self, keeper: Keeper, origin: Origin) -> None:
        self._keeper = keeper
        self._receiver: Receiver | None = None
        self._closing = False
        self._unread = select.poll()
        self._write_paused = False
        self._writable: asyncio.Future[None] | None = None
        self.origin = origin
        self.idle_until = 0.0

    # What an exchange does with it

    @property
    def usable(self) -> bool:
        """Whether a request can be sent on it."""
        return not self._closing and not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Whether nothing came that was not read yet. The kernel is asked, because the event loop
        may not have looked since: what nobody asked for would begin the next answer."""
        return not self._unread.poll(0)

    def ask(self, receiver: Receiver, head: bytes, body: bytes) -> None:
        """Sends a request, all of it or its beginning; `receiver` hears what comes back."""
        if self._closing:
            receiver.lost(clean=False)
            return
        self._receiver = receiver  # a transport that is just being closed will say so to it
        if not body:
            self._transport.write(head)
        elif len(body) <= _JOINED:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    async def write(self, data: bytes) -> None:
        """Sends more of the request, and waits until there is room for the next piece."""
        if self._closing:
            return
        self._transport.write(data)
        if self._write_paused and not self._closing:
            self._writable = asyncio.get_running_loop().create_future()
            await self._writable

    def pause(self) -> None:
        """Reads no more for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Reads on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def release(self, idle_s: float | None) -> None:
        """The exchange is over, in a way that lets another one follow."""
        self._receiver = None
        if self._closing or self._transport.get_write_buffer_size():
            self.abort()
            return
        self._keeper.keep(self, idle_s)

    def abort(self) -> None:
        """Drops the connection at once."""
        self._receiver = None
        self._closing = True
        self._transport.abort()

    # What the transport says

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is none by type
        self._unread.register(transport.get_extra_info("socket"), select.POLLIN)

    @override
    def data_received(self, data: bytes) -> None:
        if self._receiver is not None:
            self._receiver.feed(data)
        elif not self._closing:
            # Nobody asked: whatever it is, the next answer must not begin with it.
            self._keeper.forget(self)
            self.abort()

    @override
    def eof_received(self) -> None:
        self._end(clean=True)  # the transport closes itself then

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end(clean=exc is None)
        self.resume_writing()

    @override
    def pause_writing(self) -> None:
        self._write_paused = True

    @override
    def resume_writing(self) -> None:
        self._write_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def _end(self, clean: bool) -> None:
        if self._closing:
            return
        self._closing = True
        receiver = self._receiver
        if receiver is None:
            self._keeper.forget(self)
        else:
            receiver.lost(clean)
