"""``make logging-cost``: processor time of a small request and of a stream with the books' rows,
with bodies in the log too, and with neither.

All threads count, so that what is written later is in the figure; rounds alternate, so that a
busy machine is unfair to both.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from measure.served import KEY, cpu_s, gateway, load, request
from measure.upstream import CHUNKS

ROUNDS = 4
SETTLE_S = 1.0
"""For what is still to be written after the last answer."""


class Kind(NamedTuple):
    """What is asked: on so many connections, one request after the other, for so long."""

    name: str
    request: bytes
    connections: int
    seconds: float
    hear: Callable[[asyncio.StreamReader], Awaitable[None]]


async def _hear_json(reader: asyncio.StreamReader) -> None:
    head = await _head(reader)
    await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))


async def _hear_stream(reader: asyncio.StreamReader) -> None:
    await _head(reader)
    await reader.readuntil(b"\r\n0\r\n\r\n")


async def _head(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head[:20]:
        raise RuntimeError(f"refused: {head[:200]!r}")
    return head


KINDS = (
    Kind("a small request", request(KEY), 4, 4.0, _hear_json),
    Kind(f"a stream of {CHUNKS} chunks", request(KEY, stream=True), 60, 3.0, _hear_stream),
)


def main() -> None:
    """Prints the medians and their ratios."""
    sys.stdout.write(f"{load()}\n")
    bare = gateway("measure.without_books")
    with gateway() as rows, bare as neither, gateway(bodies=True) as whole:
        for kind in KINDS:
            for _, port in (rows, neither, whole):
                asyncio.run(_asked(port, kind))
            rounds = [
                (_us(*rows, kind), _us(*neither, kind), _us(*whole, kind)) for _ in range(ROUNDS)
            ]
            _tell(kind, *(statistics.median(column) for column in zip(*rounds, strict=True)))


def _tell(kind: Kind, books: float, without: float, bodies: float) -> None:
    sys.stdout.write(
        f"{kind.name}: with books {books:.0f} us, without {without:.0f} us:"
        f" books are {(books - without) / books:.1%} of it;"
        f" with bodies in the log {bodies:.0f} us, {(bodies - books) / books:+.1%}\n"
    )


def _us(pid: int, port: int, kind: Kind) -> float:
    before = cpu_s(pid)
    done = asyncio.run(_asked(port, kind))
    time.sleep(SETTLE_S)
    return (cpu_s(pid) - before) / done * 1e6


async def _asked(port: int, kind: Kind) -> int:
    end = time.perf_counter() + kind.seconds
    return sum(await asyncio.gather(*(_caller(port, kind, end) for _ in range(kind.connections))))


async def _caller(port: int, kind: Kind, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.perf_counter() < end:
        writer.write(kind.request)
        await kind.hear(reader)
        done += 1
    writer.close()
    return done


if __name__ == "__main__":
    main()
