"""Names of hosts to addresses, each name asked once at a time and remembered for a minute."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeGuard

from headgate.upstream.egress import AddressInfo

_FRESH_S = 60.0
_STALE_S = 300.0
"""Until when an answer serves while no new one is to be had."""
_MOST_NAMES = 1024

Lookup = Callable[[str, int], Awaitable[list[AddressInfo]]]


class NameUnknown(OSError):  # noqa: N818 - named for the fact
    """A name does not resolve."""


class Resolver:
    """Asks the system, in a thread. `lookup` and `clock` (seconds) can be others for tests."""

    def __init__(
        self, lookup: Lookup | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup = lookup or _ask_system
        self._clock = clock
        self._known: dict[tuple[str, int], tuple[float, list[AddressInfo]]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[list[AddressInfo]]] = {}

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """The addresses of `host`, another one first each time. Raises NameUnknown."""
        literal = _literal(host, port)
        if literal is not None:
            return [literal]
        known = self._known.get((host, port))
        if known is not None and self._clock() - known[0] < _FRESH_S:
            found = known[1]
            found.append(found.pop(0))
            return list(found)
        return list(await self._ask(host, port))

    def forget(self, host: str, port: int) -> None:
        """None of the addresses answered: ask anew next time."""
        self._known.pop((host, port), None)

    def close(self) -> None:
        """Waits for no answer any more."""
        for task in self._running.values():
            task.cancel()

    async def _ask(self, host: str, port: int) -> list[AddressInfo]:
        key = (host, port)
        task = self._running.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look_up(host, port))
            self._running[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)  # others may wait for it, too

    async def _look_up(self, host: str, port: int) -> list[AddressInfo]:
        known = self._known.pop((host, port), None)
        try:
            found = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            if known is None or self._clock() - known[0] > _STALE_S:
                raise NameUnknown("its name does not resolve") from error
            self._known[host, port] = known
            return known[1]
        if not found:
            raise NameUnknown("its name does not resolve")
        if len(self._known) >= _MOST_NAMES:
            del self._known[next(iter(self._known))]
        self._known[host, port] = (self._clock(), found)
        return found

    def _done(self, key: tuple[str, int], task: asyncio.Task[list[AddressInfo]]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # whoever asked may be gone; then nobody else hears of it


def _literal(host: str, port: int) -> AddressInfo | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.version == 4:
        return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))
    if "%" in host:
        return None  # the system knows the number of the zone
    return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))


async def _ask_system(host: str, port: int) -> list[AddressInfo]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [one for one in found if _is_internet(one)]


def _is_internet(info: tuple[int, int, int, str, tuple[object, ...]]) -> TypeGuard[AddressInfo]:
    return info[0] in (socket.AF_INET, socket.AF_INET6)
