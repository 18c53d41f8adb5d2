"""Requests that are answered at once: small ones, long prompts, over TLS."""

from bench.asking import Door
from bench.load import one_after_another, quantile
from bench.proxies import Proxy
from bench.scenarios.stage import Meter, Sample, Stage, play

CONNECTIONS = 16
PROMPT_CONNECTIONS = 4
_WARM_S = 0.3


def small_json(stage: Stage, proxy: Proxy) -> Sample:
    """The smallest request and answer, as fast as they go on 16 connections."""
    return _measured(stage, proxy, proxy.door, CONNECTIONS, 10)


def tls_json(stage: Stage, proxy: Proxy) -> Sample:
    """The same with TLS to the backend."""
    return _measured(stage, proxy, proxy.tls, CONNECTIONS, 10)


class Prompt:
    """Prompts of about so many tokens (four letters each), on 4 connections."""

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self.__doc__ = f"Prompts of {tokens:,} tokens (four letters each), on 4 connections."

    def __call__(self, stage: Stage, proxy: Proxy) -> Sample:
        return _measured(stage, proxy, proxy.door, PROMPT_CONNECTIONS, self._tokens)


def _measured(stage: Stage, proxy: Proxy, door: Door, connections: int, tokens: int) -> Sample:
    request = door.asks(tokens=tokens)
    play(one_after_another(door.port, request, connections, _WARM_S))
    meter = Meter(proxy.pid)
    tally = play(one_after_another(door.port, request, connections, stage.sizes.json_s))
    cpu_s, share = meter.read()
    return {
        "cpu_us": cpu_s / tally.requests * 1e6,
        "per_s": tally.requests / tally.seconds,
        "p50_ms": quantile(tally.latencies_s, 0.5) * 1e3,
        "p99_ms": quantile(tally.latencies_s, 0.99) * 1e3,
        "core_share": share,
    }
