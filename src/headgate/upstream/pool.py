"""Connections that wait for their next request."""

import asyncio

from headgate.upstream.connection import Connection, Origin


class Pool:
    """Keeps connections by where they lead, the latest first, for `idle_s` at the longest.

    At most `most` of them; one timer for all, and none while nothing waits.
    """

    def __init__(self, idle_s: float, most: int) -> None:
        self._idle_s = idle_s
        self._most = most
        self._waiting: dict[Origin, list[Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False
        self.size = 0

    def take(self, origin: Origin, now: float) -> Connection | None:
        """A connection to `origin` that is open, and on which nothing has come unasked."""
        waiting = self._waiting.get(origin)
        while waiting:
            connection = waiting.pop()
            self.size -= 1
            if connection.idle_until > now and connection.usable and connection.quiet:
                return connection
            connection.abort()
        return None

    def keep(self, connection: Connection, idle_s: float | None) -> None:
        """See `headgate.upstream.connection.Keeper.keep`."""
        loop = asyncio.get_running_loop()
        keep_s = self._idle_s if idle_s is None else min(self._idle_s, idle_s)
        if self._closed or self.size >= self._most or keep_s <= 0:
            connection.abort()
            return
        connection.idle_until = loop.time() + keep_s
        self._waiting.setdefault(connection.origin, []).append(connection)
        self.size += 1
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_s, self._expire, loop)

    def forget(self, connection: Connection) -> None:
        """See `headgate.upstream.connection.Keeper.forget`."""
        waiting = self._waiting.get(connection.origin, [])
        if connection in waiting:
            waiting.remove(connection)
            self.size -= 1

    def close(self) -> None:
        """Drops what waits, and whatever is given back from now on."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for waiting in self._waiting.values():
            for connection in waiting:
                connection.abort()
        self._waiting.clear()
        self.size = 0

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for origin, waiting in list(self._waiting.items()):
            kept = [one for one in waiting if one.idle_until > now]
            for connection in waiting:
                if connection.idle_until <= now:
                    connection.abort()
            self.size -= len(waiting) - len(kept)
            if kept:
                self._waiting[origin] = kept
            else:
                del self._waiting[origin]
        untils = [one.idle_until for waiting in self._waiting.values() for one in waiting]
        self._sweep = loop.call_at(min(untils), self._expire, loop) if untils else None
