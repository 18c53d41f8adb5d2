"""What the gateway asks of the world, as narrow protocols; `app` hands in who does it."""

from collections.abc import Callable
from typing import Protocol

from headgate.model.books import AttemptRow, ExchangeRow, Intent

Headers = list[tuple[bytes, bytes]]
"""Header fields as they are sent: lower-case names, visible ASCII values."""


class Books(Protocol):
    """Takes records at once, without waiting, and writes them later; loses none that it took.

    Every method is synchronous, so that a cancelled exchange cannot be split from its record.
    """

    def intend(self, intent: Intent) -> None:
        """Notes that an attempt is about to leave."""
        ...

    def settle(self, row: AttemptRow) -> None:
        """Notes how an attempt ended; idempotent by exchange and attempt."""
        ...

    def close(self, row: ExchangeRow) -> None:
        """Notes how an exchange ended; idempotent by id."""
        ...


class CallerLeft(Exception):  # noqa: N818 - named for the fact
    """The caller closed the connection; nothing can be said any more."""


class Downstream(Protocol):
    """The caller's end of an exchange. Writes raise CallerLeft once the caller is gone."""

    started: bool
    """The status line is out."""

    async def read_body(self, limit: int) -> bytes:
        """The request's body, at most `limit` bytes. Raises Refused (too large, stalled)."""
        ...

    async def start(self, status: int, headers: Headers) -> None:
        """Sends the status line and headers of an answer whose body follows piece by piece."""
        ...

    async def write(self, data: bytes) -> None:
        """Sends a piece; waits while the caller does not read."""
        ...

    async def finish(self) -> None:
        """Ends the answer as it should."""
        ...

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer at once."""
        ...

    def abort(self) -> None:
        """Breaks the connection, so that the caller sees that the answer is not whole."""
        ...

    def on_leave(self, callback: Callable[[], None]) -> None:
        """Calls `callback` once, when the caller closes the connection before the answer ends."""
        ...
