"""What the connections of one worker share."""

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headgate.server.protocol import Protocol


class State:
    """``own_lines`` are the server's own lines in every head, ``app_state`` what the lifespan left
    for requests."""

    def __init__(self, app_state: dict[str, Any] | None = None) -> None:
        self.connections: set[Protocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.own_lines = b""
        self.app_state = app_state or {}
