"""The way in past ASGI: what the protocol asks before it makes messages of a request."""

from collections.abc import Coroutine
from typing import Any, Protocol

from headgate.server.cycle import Cycle


class Door(Protocol):
    """Serves requests by calls on their cycle. Plain ASGI is there for all that it does not."""

    def way_in(self, cycle: Cycle) -> Coroutine[Any, Any, None] | None:
        """What serves the request, to be run as a task; None where it goes by ASGI."""
        ...
