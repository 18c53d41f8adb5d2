"""A call to a backend and its answer, whatever carries them."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from headgate.routing.retry import Sent


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a backend. ``headers`` are complete but for ``host`` and lengths."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    connect_timeout_s: float = 5.0


class TargetUnreachable(Exception):  # noqa: N818 - named for the fact
    """No answer came: refused, unresolved, bad TLS, too slow to connect, or reset first.

    ``sent`` says how far the call came; ``timed_out`` that connecting took too long.
    """

    def __init__(self, message: str, sent: Sent = "nothing", timed_out: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.timed_out = timed_out


class AnswerBroken(Exception):  # noqa: N818 - named for the fact
    """The answer's body ended in a way that its framing does not allow."""


class Answer(Protocol):
    """An answer whose head has arrived and whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; of repeated ones the last counts."""

    async def read(self) -> bytes:
        """The next bytes, as they come; ``b""`` once, at a clean end. Raises AnswerBroken.

        A cancelled read loses nothing: the next one goes on.
        """
        ...

    def close(self) -> None:
        """Gives the connection back if the body was read to its end, else drops it at once."""
        ...


class Upstream(Protocol):
    """Whoever can make calls."""

    async def send(self, call: Call) -> Answer:
        """Sends `call` and waits for the answer's head. Raises TargetUnreachable."""
        ...

    async def aclose(self) -> None:
        """Drops idle connections."""
        ...
