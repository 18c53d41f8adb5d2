"""Many streams at once, each a chunk a second: memory and the longest that a chunk was held."""

import asyncio
import gc

from bench.connection import connect
from bench.cores import memory_mb
from bench.load import Tally, hear
from bench.proxies import Proxy, running
from bench.scenarios.stage import Meter, NotMeasured, Sample, Stage, play
from bench.upstream import Shape

_OPENED_PER_S = 500
_SHORTEST_RAMP_S = 1.0
_LOOK_EVERY_S = 0.5
_ENOUGH_TO_WEIGH = 1000
"""Fewer streams do not show in a process's memory."""


class Crowd:
    """So many streams of a chunk a second, all open at the same time."""

    def __init__(self, streams: int) -> None:
        self._streams = streams
        self.__doc__ = f"{streams:,} at the same time, a chunk a second each."

    def __call__(self, stage: Stage, proxy: Proxy) -> Sample:
        if self._streams < _ENOUGH_TO_WEIGH:
            return self._measured(stage, proxy)
        # A new process: one that did much before has memory at hand, and looks lighter.
        with running(stage.recipe(proxy.name)) as fresh:
            return self._measured(stage, fresh)

    def _measured(self, stage: Stage, proxy: Proxy) -> Sample:
        ramp_s = max(_SHORTEST_RAMP_S, self._streams / _OPENED_PER_S)
        chunks = round(ramp_s) + stage.sizes.held_s
        stage.shape(Shape(chunks=chunks, pace_ms=1000, stamped=True))
        request = proxy.door.asks(stream=True)
        before_mb = memory_mb(proxy.pid)
        meter = Meter(proxy.pid)
        gc.collect()
        gc.freeze()  # the load's own collector must not look like a stall
        tally, peak_mb = play(_held(proxy, request, self._streams, ramp_s))
        cpu_s, _ = meter.read()
        self._expect_whole(tally, chunks)
        waits = [came - left for one in tally.stamps for left, came in _pairs(one)]
        found = {
            "longest_ms": max(waits) / 1e3,
            "backend_late_ms": max(map(_lateness_us, tally.stamps)) / 1e3,
            "cpu_us": cpu_s / len(waits) * 1e6,
            "peak_mb": peak_mb,
            "after_mb": memory_mb(proxy.pid),
        }
        if self._streams >= _ENOUGH_TO_WEIGH:
            found["kb_each"] = (peak_mb - before_mb) * 1024 / self._streams
        return found

    def _expect_whole(self, tally: Tally, chunks: int) -> None:
        heard = sum(len(one) // 2 for one in tally.stamps)
        if heard != self._streams * chunks:
            raise NotMeasured(f"{heard} chunks came of {self._streams * chunks}")


async def _held(proxy: Proxy, request: bytes, streams: int, ramp_s: float) -> tuple[Tally, float]:
    """Everything that was heard, and the most memory that the proxy had meanwhile."""
    tally = Tally()

    async def one(number: int) -> None:
        await asyncio.sleep(ramp_s * number / streams)
        connection = await connect(proxy.door.port)
        tally.hear(await hear(connection, request, stamped=True))
        connection.close()

    hearing = asyncio.gather(*(one(number) for number in range(streams)))
    peak_mb = memory_mb(proxy.pid)
    while not hearing.done():
        await asyncio.wait({hearing}, timeout=_LOOK_EVERY_S)
        peak_mb = max(peak_mb, memory_mb(proxy.pid))
    await hearing
    return tally, peak_mb


def _lateness_us(stamps: list[int]) -> int:
    """How late the backend itself was, at most, against a chunk a second."""
    first = stamps[0]
    return max(left - first - number * 1_000_000 for number, left in enumerate(stamps[::2]))


def _pairs(stamps: list[int]) -> "zip[tuple[int, int]]":
    return zip(stamps[::2], stamps[1::2], strict=True)
