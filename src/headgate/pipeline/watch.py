"""Everything that may interrupt an exchange: one timer and one cancellation for all of it.

A stream waits in two places only: for the backend's next bytes and for the caller to take them.
Deadlines, the caller's leaving and the end of a drain interrupt that wait in the same way, and the
same timer keeps the heartbeat, so that no chunk costs a task, a lock or a timer of its own.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Literal, TypeVar

from headgate.ports import CallerLeft

T = TypeVar("T")

Reason = Literal["due", "left", "drained"]
NEVER = float("inf")


class Interrupted(Exception):  # noqa: N818 - named for the fact
    """The wait was cut short: its time is up, the caller left, or the drain is over."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Watch:
    """Watches over the task that made it. Times are monotonic, in seconds.

    ``spoke_at``: when something was last said to the caller. ``beating``: a heartbeat is just
    being written, and nothing else must be; ``on_beat`` is called just before.
    """

    __slots__ = (
        "_anew",
        "_beat",
        "_beat_s",
        "_due",
        "_loop",
        "_outlasts_s",
        "_pending",
        "_rings_at",
        "_task",
        "_timer",
        "_tires",
        "_waiting",
        "beating",
        "now",
        "on_beat",
        "spoke_at",
    )

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "a watch is made by the task it watches over"
        self._task = task
        self._loop = asyncio.get_running_loop()
        self._pending: Reason | None = None
        self._waiting = False
        self._due = NEVER
        self._anew: Callable[[], float] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = NEVER
        self._beat: Callable[[], Awaitable[None]] | None = None
        self._beat_s = NEVER
        self.spoke_at = 0.0
        self.beating: asyncio.Task[None] | None = None
        self.on_beat: Callable[[], None] | None = None
        self._outlasts_s = 0.0
        self._tires: asyncio.TimerHandle | None = None
        self.now = time.monotonic  # uvloop's own clock stands still within a turn of the loop

    def beat(self, every_s: float, say: Callable[[], Awaitable[None]]) -> None:
        """From now on `say` is called after every `every_s` of silence while the task waits."""
        self._beat = say
        self._beat_s = every_s
        self.spoke()
        self._look_ahead()

    def spoke(self) -> None:
        """Something was said to the caller: the silence begins anew."""
        self.spoke_at = self.now()

    async def hush(self) -> None:
        """Waits for a heartbeat that is just being written."""
        if self.beating is not None:
            await self.beating

    async def silence(self) -> None:
        """No heartbeat from now on; waits for one that is just being written."""
        self._beat = None
        self._beat_s = NEVER
        await self.hush()

    async def until(
        self,
        coroutine: Coroutine[Any, Any, T],
        due: float,
        anew: Callable[[], float] | None = None,
    ) -> T:
        """Waits for `coroutine`, at the longest until `due`. Raises Interrupted, once a reason.

        The coroutine is cancelled then; it must be one that loses nothing by it. Where the time
        is up `anew` is asked whether it still is, and says until when to wait: so what puts it
        off all the time need not say so.
        """
        if self._pending is not None:
            coroutine.close()
            raise Interrupted(self._take())
        self._due, self._anew = due, anew
        if due < self._rings_at or self._beat is not None:
            self._look_ahead()
        self._waiting = True
        try:
            return await coroutine
        except asyncio.CancelledError:
            if self._pending is None or self._task.uncancel() > 0:
                raise  # somebody else cancelled the task, perhaps at the same moment
            raise Interrupted(self._take()) from None
        finally:
            self._waiting = False

    def put_off(self, due: float) -> None:
        """The wait that is on, or the next one, is until `due`."""
        self._due = due
        if due < self._rings_at:
            self._look_ahead()

    async def pause(self, seconds: float) -> None:
        """Does nothing for a while. Raises Interrupted."""
        await self.until(asyncio.sleep(seconds), NEVER)

    @contextlib.contextmanager
    def outlasting(self, most_s: float) -> Iterator[None]:
        """Inside the block the caller's leaving interrupts no wait, but only so long after it;
        behind the block it does. 0: as ever."""
        self._outlasts_s = most_s
        try:
            yield
        finally:
            self._outlasts_s = 0.0
            if self._tires is not None:
                self._tires.cancel()
                self._tires = None
                self.interrupt("left")

    @property
    def outlasts(self) -> bool:
        """Whether the caller has left, and it goes on all the same."""
        return self._tires is not None

    def interrupt(self, reason: Reason) -> None:
        """Ends the wait that is on, or the next one. The first reason of several counts, but for a
        time that is up: that need not be the end."""
        due = self._pending == "due"
        if self._pending is not None and not due:
            return
        if reason == "left" and self._outlasts_s:
            if self._tires is None:
                self._tires = self._loop.call_later(self._outlasts_s, self._tire)
            return
        self._pending = reason
        if due:
            return  # the task is being woken
        if asyncio.current_task() is self._task:
            # What is waited for says so itself; a task that cancels itself is cancelled too late.
            self._loop.call_soon(self._wake)
        else:
            self._wake()

    def close(self) -> None:
        """Lets go of the timer and of whom it asked. An interruption after this is forgotten."""
        self._pending = "left"
        self._waiting = False
        self._anew = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.beating is not None:
            self.beating.cancel()

    def _tire(self) -> None:
        self._outlasts_s = 0.0
        self._tires = None
        self.interrupt("left")

    def _wake(self) -> None:
        if self._waiting and self._pending is not None:
            self._task.cancel()

    def _take(self) -> Reason:
        reason = self._pending
        assert reason is not None, "only called where a reason is pending"
        self._pending = None
        return reason

    def _look_ahead(self) -> None:
        """The timer rings for whatever is next."""
        wake = min(self._due, self.spoke_at + self._beat_s)
        if wake < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            self._rings_at = wake
            self._timer = self._loop.call_later(max(0.0, wake - self.now()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._rings_at = NEVER
        if not self._waiting:
            return
        now = self.now()
        if now >= self._due and self._anew is not None:
            self._due = self._anew()
        if now >= self._due:
            self.interrupt("due")
            return
        if now >= self.spoke_at + self._beat_s and self._beat is not None:
            self.spoke_at = now
            self._start_beat(self._beat)
        self._look_ahead()

    def _start_beat(self, beat: Callable[[], Awaitable[None]]) -> None:
        if self.beating is None:
            self.beating = self._loop.create_task(self._say(beat))
            if self.on_beat is not None:
                self.on_beat()

    async def _say(self, beat: Callable[[], Awaitable[None]]) -> None:
        try:
            await beat()
        except CallerLeft:
            self.interrupt("left")
        self.beating = None
