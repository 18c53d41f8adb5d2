"""One worker and two: what a second core is worth.

Load and backend need the cores too, so two workers cannot reach twice the throughput on two cores.
What tells is the processor time of a request: where it stays the same with two workers, two free
cores do twice as much (``ratio``). Beside it stand the throughput that was seen on two shared cores
(``seen_ratio``) and what could be seen at best with this load (``seen_at_best``).
"""

import os
import time

import msgspec

from bench.cores import BOTH, RIG, cpu_s, family, usage
from bench.load import one_after_another
from bench.proxies import Proxy, headgate, running
from bench.scenarios.stage import SETTLE_S, Sample, Stage, play

_CONNECTIONS = 32


class _Cost(msgspec.Struct):
    """Of a request: processor time of the gateway and of the rig; requests a second; the largest
    share of one process in the gateway's time."""

    gateway_us: float
    rig_us: float
    per_s: float
    busiest: float


def workers(stage: Stage, proxy: Proxy) -> Sample:
    """Small requests with one worker and with two, on two cores that load and backend share."""
    try:
        _spread(stage, BOTH)
        one, two = (_measured(stage, number) for number in (1, 2))
    finally:
        _spread(stage, RIG)
    return {
        "ratio": 2 * one.gateway_us / two.gateway_us,
        "one_cpu_us": one.gateway_us,
        "two_cpu_us": two.gateway_us,
        "seen_ratio": two.per_s / one.per_s,
        "seen_at_best": 2 * one.gateway_us / (one.gateway_us + one.rig_us),
        "busiest_share": two.busiest,
    }


def _spread(stage: Stage, cores: set[int]) -> None:
    for pid in (0, stage.site.backend_pid):
        os.sched_setaffinity(pid, cores)


def _measured(stage: Stage, number: int) -> _Cost:
    with running(headgate(stage.site, workers=number), BOTH) as proxy:
        request, port = proxy.door.asks(), proxy.door.port
        play(one_after_another(port, request, _CONNECTIONS, 0.5))
        before = {pid: cpu_s(pid) for pid in family(proxy.pid)}
        rig_s = time.process_time() + usage(stage.site.backend_pid).cpu_s
        tally = play(one_after_another(port, request, _CONNECTIONS, stage.sizes.json_s))
        rig_s = time.process_time() + usage(stage.site.backend_pid).cpu_s - rig_s
        time.sleep(SETTLE_S)
        spent = [cpu_s(pid) - was for pid, was in before.items()]
    return _Cost(
        gateway_us=sum(spent) / tally.requests * 1e6,
        rig_us=rig_s / tally.requests * 1e6,
        per_s=tally.requests / tally.seconds,
        busiest=max(spent) / sum(spent),
    )
