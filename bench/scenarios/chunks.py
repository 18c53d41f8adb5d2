"""Streams of paced chunks: relayed, translated, under a policy, over TLS."""

from bench.asking import Door
from bench.load import Tally, quantile, waves
from bench.proxies import Proxy
from bench.scenarios.stage import Meter, NotMeasured, Sample, Stage, play
from bench.upstream import Shape

CHUNKS = 200
PACE_MS = 10.0
STREAMS = 40
SLOW_STREAMS = 4
"""For proxies that could not keep the pace of more."""
SLOW = frozenset({"litellm", "portkey"})
_MERGED = 0.95
"""Of the chunks, as many come alone at the least, else a chunk is no chunk any more. Nothing is
merged at this pace, also on a busy machine; only a proxy that does not keep it merges."""


def relayed_chunk(stage: Stage, proxy: Proxy) -> Sample:
    """200 chunks 10 ms apart, on 40 streams."""
    return _measured(stage, proxy, proxy.door, "chat")


def translated_chunk(stage: Stage, proxy: Proxy) -> Sample:
    """The same for a caller of the messages API."""
    return _measured(stage, proxy, proxy.door, "messages")


def policy_chunk(stage: Stage, proxy: Proxy) -> Sample:
    """The same with a policy that redacts requests and answers."""
    return _measured(stage, proxy, proxy.door, "chat")


def tls_chunk(stage: Stage, proxy: Proxy) -> Sample:
    """The same with TLS to the backend."""
    return _measured(stage, proxy, proxy.tls, "chat")


def _measured(stage: Stage, proxy: Proxy, door: Door, dialect: str) -> Sample:
    streams = SLOW_STREAMS if proxy.name in SLOW else STREAMS
    stage.shape(Shape(chunks=CHUNKS, pace_ms=PACE_MS))
    request = door.asks(dialect, stream=True)
    rounds = stage.sizes.chunk_rounds
    meter = Meter(proxy.pid)
    tally: Tally = play(waves(door.port, request, streams, rounds, CHUNKS * PACE_MS / 1000 / 4))
    cpu_s, share = meter.read()
    _expect_whole(tally, proxy.name)
    return {
        "cpu_us": cpu_s / tally.pieces * 1e6,
        "per_s": tally.requests * CHUNKS / tally.seconds,
        "events_each": tally.events / tally.requests,
        "pieces_each": tally.pieces / tally.requests,
        "first_p50_ms": quantile(tally.firsts_s, 0.5) * 1e3,
        "core_share": share,
    }


def _expect_whole(tally: Tally, name: str) -> None:
    """Chunks that came in one piece would cost less than chunks: such a figure is worth nothing."""
    if tally.events < tally.requests * CHUNKS:
        raise NotMeasured(f"{name} gave {tally.events / tally.requests:.0f} events of {CHUNKS}")
    if tally.pieces < tally.requests * CHUNKS * _MERGED:
        raise NotMeasured(f"{name} merged chunks: {tally.pieces / tally.requests:.0f} of {CHUNKS}")
