"""Head-of-line blocking: what one long prompt does to the small requests beside it."""

import asyncio

from bench.load import one_after_another, quantile, small_ones
from bench.proxies import Proxy
from bench.scenarios.chunks import SLOW
from bench.scenarios.stage import Sample, Stage, play

_LONG = 100_000
_RATE, _SLOW_RATE = 200.0, 20.0


def beside_long(stage: Stage, proxy: Proxy) -> Sample:
    """Small requests on schedule, alone and beside prompts of 100,000 tokens one after another."""
    door, seconds = proxy.door, stage.sizes.json_s
    small, long = door.asks(), door.asks(tokens=_LONG)
    rate = _SLOW_RATE if proxy.name in SLOW else _RATE
    alone = play(small_ones(door.port, small, rate, seconds))

    async def both() -> tuple[list[float], int]:
        latencies, tally = await asyncio.gather(
            small_ones(door.port, small, rate, seconds),
            one_after_another(door.port, long, 1, seconds),
        )
        return latencies, tally.requests

    beside, longs = play(both())
    return {
        "alone_p99_ms": quantile(alone, 0.99) * 1e3,
        "beside_p99_ms": quantile(beside, 0.99) * 1e3,
        "added_p99_ms": (quantile(beside, 0.99) - quantile(alone, 0.99)) * 1e3,
        "long_per_s": longs / seconds,
    }
