"""``make junk-keys``: what requests with keys that nobody has cost those with good ones."""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Iterator

import msgspec

from headgate.model import key_format
from measure.served import KEY, cpu_s, gateway, load

PHASE_S = 6.0
VALID_PER_S = 100
JUNK_PER_S = 10_000
CONNECTIONS = 16
PIPELINED = 4
_BODY = b'{"model":"m","messages":[{"role":"user","content":"Say hello."}]}'
_MADE = key_format.make(bytes(range(key_format.RANDOM_BYTES))).text
JUNK = (
    _MADE,  # well formed, its check digits right, and nobody's
    _MADE[:-1] + ("0" if _MADE[-1] != "0" else "1"),
    "sk-proj-0123456789abcdef0123456789abcdef",
    "",
    "x" * 4000,
)


class Phase(msgspec.Struct):
    """What was asked in some seconds, and what it took: seconds of the gateway's processor."""

    valid: int = 0
    junk: int = 0
    cpu_s: float = 0.0
    latencies: list[float] = []


def main() -> None:
    """Three phases, several times in turns, and the figures of their medians."""
    with gateway() as (pid, port):
        _run(pid, port, 2.0, VALID_PER_S, JUNK_PER_S)
        valid = _run(pid, port, PHASE_S, VALID_PER_S, 0)
        junk = _run(pid, port, PHASE_S, 0, JUNK_PER_S)
        both = _run(pid, port, PHASE_S, VALID_PER_S, JUNK_PER_S)
    junk_us = junk.cpu_s / junk.junk * 1e6
    alone_us = valid.cpu_s / valid.valid * 1e6
    beside_us = (both.cpu_s * 1e6 - both.junk * junk_us) / both.valid
    lines = (
        f"{load()}",
        f"junk alone: {junk.junk / PHASE_S:.0f}/s, {junk_us:.1f} us of processor each",
        f"valid alone: {alone_us:.0f} us each, p50 {_ms(valid, 0.5)}, p99 {_ms(valid, 0.99)}",
        f"valid beside {both.junk / PHASE_S:.0f} junk/s: {beside_us:.0f} us each,"
        f" p50 {_ms(both, 0.5)}, p99 {_ms(both, 0.99)}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _run(pid: int, port: int, seconds: float, valid_per_s: int, junk_per_s: int) -> Phase:
    before = cpu_s(pid)
    phase = asyncio.run(_phase(port, seconds, valid_per_s, junk_per_s))
    phase.cpu_s = cpu_s(pid) - before
    return phase


async def _phase(port: int, seconds: float, valid_per_s: int, junk_per_s: int) -> Phase:
    phase, end = Phase(latencies=[]), time.perf_counter() + seconds
    callers = []
    if junk_per_s:
        batch_s = CONNECTIONS * PIPELINED / junk_per_s
        callers += [_junk(port, end, batch_s, phase, number) for number in range(CONNECTIONS)]
    if valid_per_s:
        callers.append(_valid(port, end, 1 / valid_per_s, phase))
    await asyncio.gather(*callers)
    return phase


async def _valid(port: int, end: float, every_s: float, phase: Phase) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for due in _dues(end, every_s):
        await asyncio.sleep(due - time.perf_counter())
        asked = time.perf_counter()
        writer.write(_request(KEY))
        await _answer(reader, b" 200 ")
        phase.latencies.append(time.perf_counter() - asked)
        phase.valid += 1
    writer.close()


async def _junk(port: int, end: float, every_s: float, phase: Phase, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    keys = itertools.islice(itertools.cycle(JUNK), number % len(JUNK), None)
    for due in _dues(end, every_s):
        await asyncio.sleep(due - time.perf_counter())
        writer.write(b"".join(_request(next(keys)) for _ in range(PIPELINED)))
        for _ in range(PIPELINED):
            await _answer(reader, b" 401 ")
        phase.junk += PIPELINED
    writer.close()


def _dues(end: float, every_s: float) -> Iterator[float]:
    due = time.perf_counter()
    while time.perf_counter() < end:
        due = max(due + every_s, time.perf_counter() - 1.0)
        yield due


def _request(key: str) -> bytes:
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: measured\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n"
    )
    return head.encode() + _BODY


async def _answer(reader: asyncio.StreamReader, status: bytes) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if status not in head[:20]:
        raise RuntimeError(f"another status: {head[:100]!r}")
    await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))


def _ms(phase: Phase, share: float) -> str:
    ordered = statistics.quantiles(phase.latencies, n=100)
    return f"{ordered[round(share * 100) - 1] * 1000:.2f} ms"


if __name__ == "__main__":
    main()
