"""A call to a backend and its answer, whatever carries them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol

import msgspec

from headgate.routing.retry import Sent


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a backend. ``headers`` are complete but for ``host`` and lengths.

    A ``body`` that comes in pieces is never buffered and never sent twice. ``length`` is how many
    bytes they are together, where that is known.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | AsyncIterator[bytes] = b""
    length: int | None = None
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
        """Gives the connection back if the body came to its end, else drops it at once."""
        ...

    def pushing(self) -> "PushAnswer | None":
        """The same answer as one that pushes, or None where there is only `read`.

        None: the answer of an application in this process; a body that is unpacked on the way; a
        body that might have to be, before its first bytes were read.
        """
        ...


class PushAnswer(Answer, Protocol):
    """An answer whose bytes can also be taken without waiting, as soon as they arrive."""

    @property
    def ended(self) -> bool:
        """The body came whole. Bytes of it may still wait to be taken."""
        ...

    @property
    def broken(self) -> bool:
        """The body will never be whole. Bytes of it may still wait to be taken."""
        ...

    def take(self) -> bytes:
        """All that has arrived and was not read; ``b""`` if nothing."""
        ...

    def on_data(self, tell: Callable[[bytes], None] | None) -> None:
        """From now on `tell` is handed what arrives, at once, and ``b""`` when it has ended or is
        broken; nothing of that can be taken any more.

        It is not handed what is there already, so take that too; it must not raise, and may call
        every method. None ends it: what arrives is kept again. `close` ends it, too.
        """
        ...

    def pause(self) -> None:
        """Stops the backend, once what is on its way has arrived."""
        ...

    def resume(self) -> None:
        """Lets the backend go on after `pause`."""
        ...


class Upstream(Protocol):
    """Whoever can make calls."""

    async def send(self, call: Call) -> Answer:
        """Sends `call` and waits for the answer's head. Raises TargetUnreachable."""
        ...

    async def aclose(self) -> None:
        """Drops idle connections."""
        ...
