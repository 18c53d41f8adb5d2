"""``make junk-keys``: what requests with keys that nobody has cost those with good ones.

The gateway has the first core to itself; backend, flood and who asks share the others.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import uvloop

from bench.cores import PROXY, RIG
from measure.served import KEY, cpu_s, gateway, load, request

ROUNDS = 5
PHASE_S = 2.5
VALID_PER_S = 100
JUNK_PER_S = 10_000


class Phase(msgspec.Struct):
    """What was asked in some seconds, and what it took: seconds of the gateway's processor."""

    valid: int = 0
    junk: int = 0
    cpu_s: float = 0.0
    latencies: list[float] = []


def main() -> None:
    """Phases in turns, so that what else the machine does befalls all, and their medians."""
    os.sched_setaffinity(0, RIG)
    with gateway() as (pid, port):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), PROXY)
        _run(pid, port, VALID_PER_S, JUNK_PER_S)
        junk = _run(pid, port, 0, JUNK_PER_S)
        rounds = [
            (_run(pid, port, VALID_PER_S, 0), _run(pid, port, VALID_PER_S, JUNK_PER_S))
            for _ in range(ROUNDS)
        ]
    alone, beside = [one for one, _ in rounds], [other for _, other in rounds]
    slower = [_quantile(other, 0.5) / _quantile(one, 0.5) - 1 for one, other in rounds]
    arrived = sum(phase.junk for phase in beside) / ROUNDS / PHASE_S
    lines = (
        load(),
        f"junk alone: {junk.junk / PHASE_S:.0f}/s, {junk.cpu_s / junk.junk * 1e6:.1f} us of"
        f" processor each",
        f"valid alone: p50 {_ms(alone, 0.5)}, p99 {_ms(alone, 0.99)}",
        f"valid beside {arrived:.0f} junk/s: p50 {_ms(beside, 0.5)}, p99 {_ms(beside, 0.99)}",
        f"slower at p50, round by round: {', '.join(f'{one:+.0%}' for one in slower)};"
        f" median {statistics.median(slower):+.1%}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _run(pid: int, port: int, valid_per_s: int, junk_per_s: int) -> Phase:
    phase = Phase(latencies=[])
    before = cpu_s(pid)
    with _flood(port, junk_per_s, phase):
        if valid_per_s:
            uvloop.run(_valid(port, valid_per_s, phase))
    phase.cpu_s = cpu_s(pid) - before
    return phase


@contextlib.contextmanager
def _flood(port: int, per_s: int, phase: Phase) -> Iterator[None]:
    if not per_s:
        yield
        return
    command = (sys.executable, "-m", "measure.flood", str(port), str(PHASE_S), str(per_s))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None, "it was asked for"
    process.stdout.readline()  # it begins
    yield
    phase.junk = int(process.stdout.readline())
    process.wait()


async def _valid(port: int, per_s: int, phase: Phase) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.perf_counter()
    for number in range(int(PHASE_S * per_s)):
        await asyncio.sleep(begun + number / per_s - time.perf_counter())
        asked = time.perf_counter()
        writer.write(request(KEY))
        await _answer(reader)
        phase.latencies.append(time.perf_counter() - asked)
        phase.valid += 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head[:20]:
        raise RuntimeError(f"another status: {head[:100]!r}")
    await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))


def _quantile(phase: Phase, share: float) -> float:
    return statistics.quantiles(phase.latencies, n=100)[round(share * 100) - 1]


def _ms(phases: list[Phase], share: float) -> str:
    """The median of the phases."""
    return f"{statistics.median(_quantile(phase, share) for phase in phases) * 1000:.2f} ms"


if __name__ == "__main__":
    main()
