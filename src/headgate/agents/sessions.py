"""One session's requests strictly one after another, different sessions side by side."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from headgate.model.fault import Fault, Refused

T = TypeVar("T")


class _Queue:
    """The line of one session: its lock (first come, first served) and how many stand in it."""

    __slots__ = ("lock", "standing")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.standing = 0


class Sessions:
    """Starts work in turn. At most `most` pieces of work run or wait at any moment.

    A session is in the table only while somebody stands in its line. Work that is cancelled keeps
    its place until it has really ended, so that two runs of one session never overlap.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many sessions the table holds."""
        return len(self._queues)

    def start(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Begins `work` when all earlier work of session `key` has ended.

        Raises Refused (``overloaded``) where too much is waiting.
        """
        if len(self._tasks) >= self._most:
            message = "Too many requests are waiting for this agent. Try again in a moment."
            raise Refused(Fault(kind="overloaded", message=message, retry_after_s=1.0))
        task = asyncio.get_running_loop().create_task(self._in_turn(key, work))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def cancel(self) -> None:
        """Cancels everything that runs or waits."""
        for task in self._tasks:
            task.cancel()

    async def _in_turn(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        queue = self._queues.setdefault(key, _Queue())
        queue.standing += 1
        try:
            async with queue.lock:
                return await work()
        finally:
            queue.standing -= 1
            if not queue.standing:
                del self._queues[key]

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, should nobody be left to ask for it
