"""A connection to a SQLite file and the thread that it is used in: one hop there and back for a
whole transaction, so that event loop and thread seldom wait for each other's turn."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

Wanted = Callable[[], bool]
"""Whether somebody still waits for what is being done."""

Work = Callable[[sqlite3.Connection, Wanted], T]


class SqliteThread:
    """Does one piece of work after the other. `connect` is called in the thread, before the first
    of them and after `aclose` again."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        # Python waits at its end for work that runs, not for a connection that nobody closed.
        self._thread: ThreadPoolExecutor | None = None

    async def run(self, work: Work[T]) -> T:
        """What `work` returns or raises, or what connecting raises. Where this is cancelled, work
        that had not begun is not done; work that had may ask whether it is still wanted."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sqlite")
        given_up = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._do, work, given_up)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def aclose(self) -> None:
        """Closes the connection as soon as what was asked for before is done."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown(wait=False)

    def _do(self, work: Work[T], given_up: threading.Event) -> T:
        if self._connection is None:
            self._connection = self._connect()
        return work(self._connection, lambda: not given_up.is_set())

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
