"""What a scenario is handed: the backend's shape, the sizes of the run, the launched proxies."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec
import uvloop

from bench.asking import Door
from bench.connection import connect
from bench.cores import usage
from bench.load import hear
from bench.proxies import Missing, Proxy, Recipe, Site, running
from bench.upstream import Shape

SETTLE_S = 0.5
"""So long after the load a proxy's own later work (books, logs) still counts as the load's."""

Sample = dict[str, float]
T = TypeVar("T")


class NotMeasured(Exception):  # noqa: N818 - named for the fact
    """A scenario that a proxy cannot play; the message says why."""


class Sizes(msgspec.Struct, frozen=True):
    """How much is done: seconds of load, rounds of everything, streams."""

    rounds: int = 3
    json_s: float = 3.0
    chunk_rounds: int = 2
    pairs: int = 1500
    open_s: float = 6.0
    levels: tuple[int, ...] = (1, 100, 1000, 5000)
    held_s: float = 10.0


QUICK = Sizes(
    rounds=3,
    json_s=1.0,
    chunk_rounds=1,
    pairs=400,
    open_s=3.0,
    levels=(1000,),
    held_s=5.0,
)


class Stage:
    """Proxies are launched when a scenario asks for them and run until `close`."""

    def __init__(self, site: Site, sizes: Sizes, recipes: dict[str, Callable[[], Recipe]]) -> None:
        self.site, self.sizes = site, sizes
        self.direct = Door(port=site.backend)
        self.direct_tls = site.backend_tls
        self._recipes = recipes
        self._running: dict[str, Proxy] = {}
        self._closing = contextlib.ExitStack()

    def proxy(self, name: str) -> Proxy:
        """The running proxy of that name. Raises Missing."""
        if name not in self._running:
            self._running[name] = self._closing.enter_context(running(self.recipe(name)))
        return self._running[name]

    def recipe(self, name: str) -> Recipe:
        """How it is started, to start another one. Raises Missing."""
        if name not in self._recipes:
            raise Missing(f"nothing is known of {name}")
        return self._recipes[name]()

    def known(self) -> dict[str, Proxy]:
        """The proxies that were launched so far."""
        return self._running

    def close(self) -> None:
        """Ends every proxy."""
        self._closing.close()

    def shape(self, shape: Shape) -> None:
        """What streams that begin from now on look like."""
        play(_shape(self.site.backend, shape))


def play(load: Coroutine[Any, Any, T]) -> T:
    """Runs a load to its end."""
    return uvloop.run(load)


class Meter:
    """Processor time of a process from when this was made, with what it does just after."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = usage(pid)

    def read(self) -> tuple[float, float]:
        """Seconds of processor, and the share of one core that this was until now."""
        share = self._share()
        time.sleep(SETTLE_S)
        return usage(self._pid).cpu_s - self._before.cpu_s, share

    def _share(self) -> float:
        now = usage(self._pid)
        return (now.cpu_s - self._before.cpu_s) / (now.at_s - self._before.at_s)


async def _shape(port: int, shape: Shape) -> None:
    body = msgspec.json.encode(shape)
    head = f"POST /__shape HTTP/1.1\r\nhost: b\r\ncontent-length: {len(body)}\r\n\r\n"
    connection = await connect(port)
    async with asyncio.timeout(5):
        await hear(connection, head.encode() + body)
    connection.close()
