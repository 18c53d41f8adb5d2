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
    """How much is done: rounds of everything, seconds of load, rounds of streams, pairs of single
    streams, seconds that a crowd of streams is held."""

    rounds: int = 3
    json_s: float = 2.0
    chunk_rounds: int = 2
    pairs: int = 2000
    pairs_s: float = 4.0
    open_s: float = 3.0
    held_s: int = 6


QUICK = Sizes(json_s=1.0, chunk_rounds=1, pairs=500, pairs_s=1.0, open_s=1.0, held_s=3)
PATIENCE_S = 60.0


class Stage:
    """Proxies are launched when a scenario asks for them and run until `close`."""

    def __init__(self, site: Site, sizes: Sizes, recipes: dict[str, Callable[[], Recipe]]) -> None:
        self.site, self.sizes = site, sizes
        self.direct = Door(port=site.backend)
        self._recipes = recipes
        self._running: dict[str, Proxy] = {}
        self._missing: dict[str, Missing] = {}
        self._closing = contextlib.ExitStack()

    def proxy(self, name: str) -> Proxy:
        """The running proxy of that name. Raises Missing."""
        if name in self._missing:
            raise self._missing[name]
        if name not in self._running:
            try:
                self._running[name] = self._closing.enter_context(running(self.recipe(name)))
            except Missing as missing:
                self._missing[name] = missing
                raise
        return self._running[name]

    def recipe(self, name: str) -> Recipe:
        """How it is started, to start another one. Raises Missing."""
        if name not in self._recipes:
            raise Missing(f"nothing is known of {name}")
        return self._recipes[name]()

    def versions(self) -> dict[str, str]:
        """Of everybody who was launched, or why somebody was not."""
        found = {name: proxy.version for name, proxy in self._running.items()}
        return found | {name: f"missing: {why}" for name, why in self._missing.items()}

    def close(self) -> None:
        """Ends every proxy."""
        self._closing.close()

    def shape(self, shape: Shape) -> None:
        """What streams that begin from now on look like."""
        play(self.reshape(shape))

    async def reshape(self, shape: Shape) -> None:
        """`shape`, inside of a load."""
        body = msgspec.json.encode(shape)
        head = f"POST /__shape HTTP/1.1\r\nhost: b\r\ncontent-length: {len(body)}\r\n\r\n"
        connection = await connect(self.site.backend)
        await hear(connection, head.encode() + body)
        connection.close()


def play(load: Coroutine[Any, Any, T]) -> T:
    """Runs a load to its end. Raises TimeoutError where that does not come."""

    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE_S):
            return await load

    return uvloop.run(bounded())


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
