"""One answer over HTTP, from the first byte of its head to the last of its body."""

import asyncio
from collections.abc import Callable, Mapping

from headgate.routing.retry import Sent
from headgate.upstream.answer import AnswerBroken, PushAnswer, TargetUnreachable
from headgate.upstream.connection import Connection
from headgate.upstream.framing import Body, Malformed
from headgate.upstream.head import Head, body_of, head_end, read_head

MOST_WAITING_BYTES = 128 * 1024
"""What may have arrived and not been read before the backend is stopped."""
_PIECE_BYTES = 64
"""What keeping a piece costs beside its bytes."""
_MOST_INTERIM = 16


class HttpAnswer:
    """The answer to the one request that `connection` carries now. See `PushAnswer`.

    ``stop_sending``: stops the rest of the request; None once it is sent to its end. While there
    is a rest the connection serves no other request.
    """

    __slots__ = (
        "_body",
        "_closed",
        "_connection",
        "_full",
        "_held",
        "_idle_s",
        "_interim",
        "_keeps",
        "_listener",
        "_method",
        "_paused",
        "_pieces",
        "_unreachable",
        "_waiter",
        "_waiting",
        "_why",
        "broken",
        "ended",
        "headers",
        "status",
        "stop_sending",
    )

    def __init__(self, connection: Connection, method: str) -> None:
        self._connection = connection
        self._method = method
        self._body: Body | None = None
        self._held = b""
        self._interim = 0
        self._keeps = False
        self._idle_s: float | None = None
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._full = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._listener: Callable[[bytes], None] | None = None
        self._unreachable: TargetUnreachable | None = None
        self._why = "the connection was lost inside the answer"
        self._closed = False
        self.stop_sending: Callable[[], None] | None = None
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.ended = False
        self.broken = False

    # What its reader does

    async def begin(self) -> None:
        """Waits for the head. Raises TargetUnreachable."""
        while self._body is None:
            if self._unreachable is not None:
                raise self._unreachable
            await self._wait()

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        while not self._pieces:
            if self.ended:
                return b""
            if self.broken:
                raise AnswerBroken(self._why)
            await self._wait()
        return self.take()

    def take(self) -> bytes:
        """See `headgate.upstream.answer.PushAnswer.take`."""
        pieces = self._pieces
        if not pieces:
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._waiting = 0
        if self._full:
            self._full = False
            self._flow()
        return data

    def on_data(self, tell: Callable[[bytes], None] | None) -> None:
        """See `headgate.upstream.answer.PushAnswer.on_data`."""
        self._listener = tell

    def pause(self) -> None:
        """See `headgate.upstream.answer.PushAnswer.pause`."""
        self._paused = True
        self._flow()

    def resume(self) -> None:
        """See `headgate.upstream.answer.PushAnswer.resume`."""
        self._paused = False
        self._flow()

    def pushing(self) -> PushAnswer:
        """See `headgate.upstream.answer.Answer.pushing`."""
        return self

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        if self._closed:
            return
        self._closed = True
        self._listener = None
        if self.stop_sending is not None:
            self._keeps = False
            self.stop_sending()
        if self.ended and self._keeps:
            if self._full or self._paused:
                self._connection.resume()
            self._connection.release(self._idle_s)
        else:
            self._connection.abort()
        if not self.ended:
            self.broken = True
            self._tell()  # whoever still reads

    # What its connection says

    def feed(self, data: bytes) -> None:
        """See `headgate.upstream.connection.Receiver.feed`."""
        if self.ended:
            self._keeps = False  # nobody asked for these bytes
            return
        try:
            piece = self._feed_first(data) if self._body is None else self._body.feed(data)
        except Malformed as malformed:
            self._give_up(malformed.before)
            return
        body = self._body
        if body is None:  # its head is not whole
            return
        if body.ended:
            self.ended = True
            self._keeps = self._keeps and not body.surplus
        listener = self._listener
        if listener is None:
            self._keep(piece)
        elif piece:
            listener(piece)
        if self.ended:
            self._tell()

    def _keep(self, piece: bytes) -> None:
        """Until somebody takes it; of so many bytes that the backend is stopped then."""
        if piece:
            self._pieces.append(piece)
            self._waiting += len(piece) + _PIECE_BYTES
        self._wake()
        if self._waiting > MOST_WAITING_BYTES and not self._full:
            self._full = True
            self._flow()

    def lost(self, clean: bool) -> None:
        """See `headgate.upstream.connection.Receiver.lost`."""
        self._keeps = False
        if self.ended or self.broken:
            return
        body = self._body
        if body is None:
            sent: Sent = "headers" if self._held or self._interim else "request"
            message = "the connection was lost before an answer"
            self._unreachable = TargetUnreachable(message, sent)
        elif clean and body.ends_with_connection:
            self.ended = True
        else:
            self.broken = True
        self._tell()

    def _feed_first(self, data: bytes) -> bytes:
        """Reads the head; what has come of the body behind it. Raises Malformed."""
        seen = len(self._held)
        data = self._held + data
        while end := head_end(data, seen):
            head, data, seen = read_head(data[:end]), data[end:], 0
            if head.status >= 200:
                return self._open(head).feed(data)
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                raise Malformed("no answer comes after so many others")
            if not data:
                break
        self._held = data
        return b""

    def _open(self, head: Head) -> Body:
        self._held = b""
        self.status = head.status
        self.headers = head.headers
        self._keeps = head.keeps
        self._idle_s = head.idle_s
        self._body = body = body_of(head, self._method)
        return body

    def _give_up(self, before: bytes) -> None:
        """What came after `before` is not HTTP: nothing more is wanted of this connection."""
        if self._body is None:
            self._unreachable = TargetUnreachable("it did not answer in HTTP", "headers")
        self._why = "its framing is not HTTP"
        self.broken = True
        self._connection.abort()
        if before and self._listener is not None:
            self._listener(before)
        elif before:
            self._pieces.append(before)
        self._tell()

    def _flow(self) -> None:
        """Lets bytes come exactly while both the reader and the bound allow it."""
        if self.broken or self._closed:
            return
        if self._full or self._paused:
            self._connection.pause()
        else:
            self._connection.resume()

    def _tell(self) -> None:
        """The answer has ended, or is broken."""
        self._wake()
        if self._listener is not None:
            self._listener(b"")

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
