"""What an exchange may ask of the connection beneath it, and what it is told.

Every request's scope carries one as ``scope["extensions"]["headgate"]``.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection:
    """The caller's end, for one request.

    ``peername`` is the peer's address and port, None where there is none; ``loopback`` whether
    that address is this machine's own (a proxy on this machine makes every caller so). ``left``:
    the peer is gone or was cut off; what is written now goes nowhere. ``stalled``: the body made
    no progress for too long and is not waited for.

    A peer that closes its sending half counts as gone: of clients that speak to such a gateway
    none does that and then reads on, and it is the only way to notice at once that one left.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        peername: tuple[str, int] | None = None,
        loopback: bool = False,
    ) -> None:
        self.transport = transport
        self.peername = peername
        self.loopback = loopback
        self.left = False
        self.stalled = False
        self._over = False
        self._callbacks: list[Callable[[], None]] = []

    def on_leave(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once, synchronously, as soon as the peer is gone; at once if it is.

        Not if the answer was complete by then, nor after `abort`.
        """
        if self._over:
            return
        if self.left:
            callback()
            return
        self._callbacks.append(callback)

    def abort(self) -> None:
        """Cuts the connection off now with a reset; nothing that was not sent will be."""
        if not (self._over and self.left):
            self.complete()
            self.left = True
            reset(self.transport)

    def leave(self) -> None:
        """For the protocol: the peer is gone."""
        if self.left or self._over:
            return
        self.left = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def complete(self) -> None:
        """For the protocol: the answer is complete, nobody is called any more."""
        self._over = True
        self._callbacks.clear()


def reset(transport: asyncio.Transport) -> None:
    """Closes the connection with a reset, so that the kernel keeps nothing to send either."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        except (OSError, ValueError):
            pass  # closed already; a closed socket of uvloop has no descriptor to speak of
    transport.abort()
