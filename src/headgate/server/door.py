"""The way in past ASGI: what the protocol asks before it makes messages of a request."""

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from headgate.server.cycle import Cycle
from headgate.server.head import Head


class Refusal(NamedTuple):
    """An answer that is known once a head was read; ``lines`` are its header lines but for those
    of the framing."""

    status: int
    lines: bytes
    body: bytes


def no_door() -> None:
    """There is no way in but ASGI."""
    return


class Door(Protocol):
    """Serves requests by calls on their cycle. Plain ASGI is there for all that it does not."""

    def refusal(self, head: Head) -> Refusal | None:
        """The answer where there is nothing to serve; None where there is."""
        ...

    def way_in(self, cycle: Cycle) -> Coroutine[Any, Any, None] | None:
        """What serves the request, to be run as a task; None where it goes by ASGI."""
        ...
