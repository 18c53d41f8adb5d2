"""The responses that this process makes while nobody waits, and those that others left behind."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headgate.dialects.responses.errors import failure_object
from headgate.model.fault import Fault
from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.model.stored import RUNNING, StoredResponse
from headgate.pipeline.live import Live
from headgate.ports import ResponseMemory
from headgate.wire import json_text

TICK_S = 0.5
"""How often others learn how far a response is, and it learns that it is to stop."""
LOST_AFTER_S = 20.0
"""A worker that has not said for so long that it lives makes nothing any more."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Seen:
    """How much of a live response others can see."""

    frames: int = 0
    parts: int = 0
    begun: bool = False


@dataclass(slots=True)
class Runs:
    """``worker`` names this process, with all of its kind ``is_gone`` says whether another one on
    this machine does not run any more. Times are Unix seconds."""

    worker: str = ""
    is_gone: Callable[[str], bool] = lambda _: False
    lives: dict[str, Live] = field(default_factory=dict)
    _seen: dict[str, Seen] = field(default_factory=dict)

    def add(self, live: Live) -> None:
        """This process makes the response from now on."""
        self.lives[live.origin.key] = live
        self._seen[live.origin.key] = Seen()

    def drop(self, live: Live) -> None:
        """It is over."""
        live.end()
        self.lives.pop(live.origin.key, None)
        self._seen.pop(live.origin.key, None)

    async def tend(self, memory: ResponseMemory, wall: Callable[[], float]) -> None:
        """For ever: shows others what is made here, and stops what they cancelled."""
        while True:
            if self.lives:
                try:
                    await self.show(memory, wall())
                except (StoreUnreachable, RowRefused) as error:
                    _LOG.warning("what is made in the background is not seen: %s", error)
            await asyncio.sleep(TICK_S)

    async def show(self, memory: ResponseMemory, at: float) -> None:
        """One round of `tend`. Raises StoreUnreachable, and RowRefused where a response was taken
        away beneath it."""
        for key in await memory.alive(self.worker, at):
            if key in self.lives:
                self.lives[key].cancel()
        for key, live in tuple(self.lives.items()):
            seen = self._seen.get(key)
            if seen is None:
                continue  # it ended while others were shown
            if not seen.begun and live.response["status"] == "in_progress":
                seen.begun = True
                await memory.move(key, "in_progress", json_text.encode_text(live.response))
            new = live.frames[seen.frames :]
            if new and not live.over:
                await memory.add_events(key, seen.parts, b"".join(new))
                seen.frames += len(new)
                seen.parts += 1

    async def give_up_lost(self, memory: ResponseMemory, at: float) -> None:
        """Fails what processes left behind that do not run any more. Raises StoreUnreachable."""
        for found in await memory.running():
            await self.settled(memory, found, at)

    async def settled(
        self, memory: ResponseMemory, found: StoredResponse, at: float
    ) -> StoredResponse:
        """The response as it stands: one that nobody makes any more has failed. Raises
        StoreUnreachable."""
        if found.status not in RUNNING or found.key in self.lives:
            return found
        if found.worker == self.worker or self._lives(found, at):
            return found
        response = json_text.encode_text(_lost(json_text.decode(found.response)))
        await memory.move(found.key, "failed", response)
        return await memory.get(found.owner, found.id) or found

    def _lives(self, found: StoredResponse, at: float) -> bool:
        """Whether the process that makes the response may still run."""
        silent_s = at - (found.alive_at or 0.0)
        return silent_s < LOST_AFTER_S and not self.is_gone(found.worker or "")


def _lost(response: dict[str, Any]) -> dict[str, Any]:
    message = "The gateway was restarted while it made this response."
    fault = Fault(kind="gateway_restarting", message=message)
    return {**response, "status": "failed", "error": failure_object(fault)}
