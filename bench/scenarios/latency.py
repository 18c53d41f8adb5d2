"""What a stream's events wait: the first one, and the others beside much traffic."""

from itertools import pairwise

from bench.load import in_turns, on_schedule, quantile, waves
from bench.proxies import Proxy
from bench.scenarios.stage import Meter, Sample, Stage, play
from bench.upstream import Shape

_PACE_MS = 20.0
_CHUNKS = 50
_STREAM_S = _PACE_MS * _CHUNKS / 1000
_TRIAL_STREAMS = 8
_MOST_STREAMS = 300
"""Of 50 chunks a second each: what backend and load can take on one core between them."""


def first_event(stage: Stage, proxy: Proxy) -> Sample:
    """One stream at a time: time to the first event, in turns with the backend directly."""
    stage.shape(Shape(chunks=0, pace_ms=0))
    ports = (stage.direct.port, proxy.door.port)
    requests = (stage.direct.asks(stream=True), proxy.door.asks(stream=True))
    play(in_turns(ports, requests, 20, 2))
    direct, through = play(in_turns(ports, requests, stage.sizes.pairs, stage.sizes.pairs_s))
    found = {"pairs": float(len(direct))}
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        without, with_it = quantile(direct, share) * 1e3, quantile(through, share) * 1e3
        found |= {f"added_{name}_ms": with_it - without, f"direct_{name}_ms": without}
    return found


def chunk_gap(stage: Stage, proxy: Proxy) -> Sample:
    """Streams that begin on schedule, half a core's worth: gaps that grew on the way."""
    stage.shape(Shape(chunks=_CHUNKS, pace_ms=_PACE_MS, stamped=True))
    request = proxy.door.asks(stream=True)
    streams = _half_load(proxy, request)
    seconds = stage.sizes.open_s + _STREAM_S
    meter = Meter(proxy.pid)
    through = play(on_schedule(proxy.door.port, request, streams / _STREAM_S, seconds))
    _, share = meter.read()
    asks = stage.direct.asks(stream=True)
    direct = play(on_schedule(stage.direct.port, asks, streams / _STREAM_S, seconds))
    with_it, without = _grown_ms(through.stamps), _grown_ms(direct.stamps)
    return {
        "added_p99_ms": quantile(with_it, 0.99) - quantile(without, 0.99),
        "p99_ms": quantile(with_it, 0.99),
        "direct_p99_ms": quantile(without, 0.99),
        "longest_ms": max(with_it),
        "direct_longest_ms": max(without),
        "streams": float(streams),
        "core_share": share,
    }


def _half_load(proxy: Proxy, request: bytes) -> int:
    """So many streams keep the proxy's core half busy, as far as two trials tell: the more there
    are the less each costs."""
    streams = _TRIAL_STREAMS
    for _ in range(2):
        meter = Meter(proxy.pid)
        tally = play(waves(proxy.door.port, request, streams, 1, _STREAM_S / 4))
        cpu_s, _ = meter.read()
        busy = cpu_s / tally.requests / _STREAM_S * streams
        streams = max(1, min(_MOST_STREAMS, int(streams * 0.5 / busy)))
    return streams


def _grown_ms(streams: list[list[int]]) -> list[float]:
    """By how much each gap between two chunks was longer here than where they came from."""
    grown: list[float] = []
    for stamps in streams:
        waits = [came - left for left, came in zip(stamps[::2], stamps[1::2], strict=True)]
        grown += [(later - earlier) / 1e3 for earlier, later in pairwise(waits)]
    return grown
