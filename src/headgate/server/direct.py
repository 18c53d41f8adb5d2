"""The caller's side of an exchange on our own server: calls on the cycle, no messages."""

from collections.abc import Callable

from headgate.model.fault import Fault, Refused
from headgate.ports import CallerLeft, PushedBody
from headgate.server.cycle import Cycle
from headgate.server.downstream import Downstream, check_status
from headgate.server.gathering import Gathering
from headgate.server.inflate import too_large
from headgate.server.interface import Headers, Receive, Scope, Send


class Direct:
    """One caller, for one request; what `Downstream` is over ASGI.

    Leaving is noticed by the connection itself. `write` waits while the caller's buffers are full;
    the server cuts off one that takes nothing for too long, which counts as leaving.
    """

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self.started = False

    @property
    def left(self) -> bool:
        """Whether the caller is gone, or was cut off."""
        return self._cycle.left

    @property
    def unsent(self) -> int:
        """See `headgate.ports.Downstream.unsent`."""
        return self._cycle.transport.get_write_buffer_size()

    def on_leave(self, callback: Callable[[], None]) -> None:
        """See `Connection.on_leave`."""
        self._cycle.on_leave(callback)

    async def read_body(self, limit: int) -> bytes:
        """See `Downstream.read_body`."""
        cycle = self._cycle
        if cycle.head.length > limit:
            raise too_large(limit)
        gathering = Gathering(self._coding(), limit)
        more = True
        while more:
            piece, more = await self._receive()
            gathering.add(piece)
        return gathering.whole()

    async def read_piece(self) -> bytes:
        """See `Downstream.read_piece`."""
        piece, more = b"", self._cycle.more_body or self._cycle.untaken
        while more and not piece:
            piece, more = await self._receive()
        return piece

    async def start(self, status: int, headers: Headers) -> None:
        """See `Downstream.start`."""
        check_status(status)
        await self._room()
        self._cycle.start(status, headers)
        self.started = True

    async def write(self, data: bytes) -> None:
        """Sends a piece of the body; returns once the caller's buffers have room."""
        await self._room()
        self._cycle.push(data)

    async def finish(self) -> None:
        """Ends the body, properly."""
        await self._room()
        self._cycle.end()

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer at once, with its length."""
        check_status(status)
        if self._cycle.left or self._cycle.flow.write_paused:
            await self._room()
        self._cycle.answer(status, headers, body)
        self.started = True

    def abort(self) -> None:
        """Cuts the caller off: the body is broken off, not ended, and what is buffered is lost."""
        self._cycle.abort()

    def pushing(self) -> PushedBody | None:
        """See `headgate.ports.Downstream.pushing`."""
        cycle = self._cycle
        return None if cycle.left or cycle.response_complete else cycle

    def close(self) -> None:
        """There is nothing to let go of."""

    async def _room(self) -> None:
        cycle = self._cycle
        if cycle.flow.write_paused:
            await cycle.room()
        if cycle.left:
            raise CallerLeft

    async def _receive(self) -> tuple[bytes, bool]:
        """A piece of the body, and whether there is more."""
        cycle = self._cycle
        if cycle.more_body or cycle.waits_for_word:
            await cycle.news()
        if cycle.left:
            raise CallerLeft
        if cycle.stalled:
            raise Refused(Fault(kind="request_stalled", message="the request's body stalled"))
        return cycle.take(), cycle.more_body

    def _coding(self) -> str:
        head = self._cycle.head
        if "content-encoding" not in head.headers:
            return ""
        return ", ".join([value for name, value in head.fields if name == "content-encoding"])


CallersEnd = Direct | Downstream
"""The caller's end of a request, on our server or on another."""


def downstream_of(scope: Scope, receive: Receive, send: Send) -> CallersEnd:
    """The caller's side of a request that came by ASGI: past its messages where the server is
    ours."""
    cycle: Cycle | None = (scope.get("extensions") or {}).get("headgate")
    return Downstream(scope, receive, send) if cycle is None else Direct(cycle)
