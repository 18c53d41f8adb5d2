"""A proxy of its own: how soon it answers, what memory it holds idle, loaded and afterwards."""

import asyncio
import time

from bench.cores import memory_mb
from bench.load import one_after_another, waves
from bench.proxies import Proxy, running
from bench.scenarios.chunks import SLOW
from bench.scenarios.requests import CONNECTIONS
from bench.scenarios.stage import Sample, Stage, play
from bench.upstream import Shape

_STREAMS, _SLOW_STREAMS = 1000, 200
_SILENCE_MS = 5000.0
_CALM_S = 3.0


def start(stage: Stage, proxy: Proxy) -> Sample:
    """From the start of the process to its first answer: new, and again with the data it made."""
    recipe = stage.recipe(proxy.name)
    with running(recipe) as new:
        first_s = new.start_s
        time.sleep(1.0)
        idle_mb = memory_mb(new.pid)
    with running(recipe) as again:
        return {"first_answer_s": first_s, "again_s": again.start_s, "idle_mb": idle_mb}


def memory(stage: Stage, proxy: Proxy) -> Sample:
    """Idle, with 1,000 (or 200) streams that say nothing, under requests, three seconds after."""
    with running(stage.recipe(proxy.name)) as fresh:
        time.sleep(1.0)
        idle_mb = memory_mb(fresh.pid)
        streams = _SLOW_STREAMS if proxy.name in SLOW else _STREAMS
        silent_mb = play(_silent(stage, fresh, streams))
        door = fresh.door
        play(one_after_another(door.port, door.asks(), CONNECTIONS, stage.sizes.json_s))
        loaded_mb = memory_mb(fresh.pid)
        time.sleep(_CALM_S)
        return {
            "idle_mb": idle_mb,
            "silent_stream_kb": (silent_mb - idle_mb) * 1024 / streams,
            "loaded_mb": loaded_mb,
            "recovered_mb": memory_mb(fresh.pid),
        }


async def _silent(stage: Stage, proxy: Proxy, streams: int) -> float:
    """Memory while every stream is open and none says anything."""
    await stage.reshape(Shape(chunks=1, pace_ms=_SILENCE_MS))
    request = proxy.door.asks(stream=True)
    spread_s = _SILENCE_MS / 2000
    listening = asyncio.ensure_future(waves(proxy.door.port, request, streams, 1, spread_s))
    await asyncio.sleep(spread_s + 1)
    open_mb = memory_mb(proxy.pid)
    await listening
    return open_mb
