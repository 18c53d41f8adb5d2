"""``make logging-cost``: processor time of a small request with the books' rows, with bodies in
the log too, and with neither.

All threads count, so that what is written later is in the figure; rounds alternate, so that a
busy machine is unfair to both.
"""

import asyncio
import statistics
import sys
import time

from measure.served import KEY, cpu_s, gateway, load, request

ROUNDS = 4
ROUND_S = 4.0
SETTLE_S = 1.0
"""For what is still to be written after the last answer."""
CONNECTIONS = 4
_REQUEST = request(KEY)


def main() -> None:
    """Prints the medians and their ratios."""
    bare = gateway("measure.without_books")
    with gateway() as rows, bare as neither, gateway(bodies=True) as whole:
        for _, port in (rows, neither, whole):
            asyncio.run(_requests(port, 1.0))
        rounds = [(_us(*rows), _us(*neither), _us(*whole)) for _ in range(ROUNDS)]
    books, without, bodies = (statistics.median(column) for column in zip(*rounds, strict=True))
    sys.stdout.write(
        f"{load()}\nwith books: {books:.0f} us a request; without: {without:.0f} us;"
        f" books are {(books - without) / books:.0%} of it\n"
        f"with bodies in the log: {bodies:.0f} us, {(bodies - books) / books:+.0%}\n"
    )


def _us(pid: int, port: int) -> float:
    before = cpu_s(pid)
    done = asyncio.run(_requests(port, ROUND_S))
    time.sleep(SETTLE_S)
    return (cpu_s(pid) - before) / done * 1e6


async def _requests(port: int, seconds: float) -> int:
    end = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_caller(port, end) for _ in range(CONNECTIONS))))


async def _caller(port: int, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.perf_counter() < end:
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise RuntimeError(f"refused: {head[:200]!r}")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        done += 1
    writer.close()
    return done


if __name__ == "__main__":
    main()
