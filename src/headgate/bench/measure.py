"""The same asked directly and through the gateway, in turns, so that both see the same machine."""

import asyncio
import contextlib
import time
from itertools import pairwise

import msgspec

from headgate.bench.caller import BenchFailed, Heard, connected, request_of

PATH = "/v1/chat/completions"
MODEL = "mock"
CROWD = 8
"""Connections that ask at the same time."""
_WARM = 5
_SPARE_S = 20.0


class Way(msgspec.Struct, frozen=True):
    """Where to ask, and with which key, empty where none is needed."""

    url: str
    key: str = ""

    def request(self, stream: bool) -> bytes:
        """What is asked."""
        message = {"role": "user", "content": "Say hello."}
        body = {"model": MODEL, "stream": stream, "messages": [message]}
        return request_of(self.url, PATH, body, self.key)


class Share(msgspec.Struct, frozen=True):
    """How much is measured of one thing: at most so many requests, for at most so long."""

    requests: int
    seconds: float


class Times(msgspec.Struct, frozen=True):
    """Of one way, in seconds: JSON answers, first events, gaps between events; requests a second
    with `CROWD` at the same time."""

    whole_s: list[float]
    first_s: list[float]
    gaps_s: list[float]
    per_s: float


async def measure(direct: Way, through: Way, share: Share) -> tuple[Times, Times]:
    """Everything: a third of the share's seconds for each kind. Raises BenchFailed."""
    part = Share(share.requests, share.seconds / 3)
    try:
        async with asyncio.timeout(share.seconds + _SPARE_S):
            jsons = await _in_turns((direct, through), part, stream=False)
            streams = await _in_turns((direct, through), part, stream=True)
            each = Share(part.requests, part.seconds / 2)
            rates = [await _rate(way, each) for way in (direct, through)]
    except TimeoutError as error:
        raise BenchFailed("the answers took too long") from error
    first, second = (
        Times(
            whole_s=[one.whole_s for one in jsons[number]],
            first_s=[one.events_s[0] for one in streams[number]],
            gaps_s=[gap for one in streams[number] for gap in _gaps(one)],
            per_s=rates[number],
        )
        for number in (0, 1)
    )
    return first, second


async def _in_turns(
    ways: tuple[Way, Way], share: Share, *, stream: bool
) -> tuple[list[Heard], list[Heard]]:
    """One at a time, here and there; at least one each."""
    heard: tuple[list[Heard], list[Heard]] = ([], [])
    async with contextlib.AsyncExitStack() as open_ones:
        asked = [
            (await open_ones.enter_async_context(connected(way.url)), way.request(stream))
            for way in ways
        ]
        for caller, request in asked:
            for _ in range(min(_WARM, share.requests)):
                await caller.ask(request)
        until = time.perf_counter() + share.seconds
        while not heard[1] or (len(heard[1]) < share.requests and time.perf_counter() < until):
            for (caller, request), found in zip(asked, heard, strict=True):
                found.append(_whole(await caller.ask(request), stream))
    return heard


def _whole(heard: Heard, stream: bool) -> Heard:
    if stream and len(heard.events_s) < 2:
        raise BenchFailed("a stream had no events")
    return heard


def _gaps(heard: Heard) -> list[float]:
    """Between the events of the text; the end comes in one piece."""
    return [later - earlier for earlier, later in pairwise(heard.events_s) if later > earlier]


async def _rate(way: Way, share: Share) -> float:
    """Answers a second with several connections that are never idle."""
    each = Share(-(-share.requests // CROWD), share.seconds)
    began = time.perf_counter()
    counts = await asyncio.gather(*(_busy(way, each) for _ in range(CROWD)))
    return sum(counts) / (time.perf_counter() - began)


async def _busy(way: Way, share: Share) -> int:
    request, until = way.request(stream=False), time.perf_counter() + share.seconds
    count = 0
    async with connected(way.url) as caller:
        while not count or (count < share.requests and time.perf_counter() < until):
            await caller.ask(request)
            count += 1
    return count
