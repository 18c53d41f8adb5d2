"""One timer that is moved by assignment: waiting longer costs no call to the event loop."""

import asyncio
import math
from collections.abc import Callable

LAST_LOOK_S = 0.001
"""How long after its time an alarm rings: timers come before sockets in a turn of the loop, and
what arrived while the loop was busy must be read before it counts as missing."""


class Alarm:
    """Rings once at the time last set, in the loop's clock; never after `cancel`.

    A later time is only noted: the timer that is under way moves itself when it fires.
    """

    __slots__ = ("_at", "_due", "_looking", "_loop", "_ring", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring: Callable[[], None] | None = ring
        self._timer: asyncio.TimerHandle | None = None
        self._at = math.inf
        self._due = math.inf
        self._looking = False

    def set_in(self, delay_s: float) -> None:
        """Rings in `delay_s` seconds instead of when it would have."""
        self._at = self._loop.time() + delay_s
        self._looking = False
        if self._at < self._due:
            self._start(self._at)

    def off(self) -> None:
        """Does not ring until it is set again."""
        self._at = math.inf

    def cancel(self) -> None:
        """Never rings again, and lets go of whom it would have called."""
        self._at = math.inf
        self._ring = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._due = math.inf
        if self._at == math.inf or self._ring is None:
            return
        if self._loop.time() < self._at:
            self._start(self._at)
            return
        if not self._looking:
            self._looking = True
            self._start(self._loop.time() + LAST_LOOK_S)
            return
        self._looking = False
        self._at = math.inf
        self._ring()
