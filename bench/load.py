"""The load: requests one after another or on a schedule, streams in waves or on a schedule.

Everything runs on one event loop in this process, as protocols on raw bytes that were made before,
so that the load is not what is measured.
"""

import asyncio
import time

import msgspec

from bench.connection import Connection, Hearing, Refused, connect


class Tally(msgspec.Struct):
    """What was done. Times are in seconds; ``latencies_s`` to the whole answer of a request,
    ``firsts_s`` to the first event of a stream; ``stamps`` one list for each stream (see
    `Hearing`)."""

    requests: int = 0
    pieces: int = 0
    events: int = 0
    seconds: float = 0.0
    latencies_s: list[float] = []
    firsts_s: list[float] = []
    stamps: list[list[int]] = []

    def hear(self, hearing: Hearing) -> None:
        """Adds a stream that ended. Raises Refused."""
        if hearing.error is not None:
            raise Refused(hearing.error)
        self.requests += 1
        self.pieces += hearing.pieces
        self.events += hearing.events
        self.firsts_s.append(hearing.first_s - hearing.asked_s)
        if hearing.stamps is not None:
            self.stamps.append(hearing.stamps)


async def one_after_another(port: int, request: bytes, connections: int, seconds: float) -> Tally:
    """On each connection the next request as soon as the answer is whole, for `seconds`."""
    tally = Tally()
    began = time.perf_counter()
    askers = [Asker(await connect(port), request, began + seconds) for _ in range(connections)]
    latencies = await asyncio.gather(*(asker.end for asker in askers))
    tally.seconds = time.perf_counter() - began
    tally.latencies_s = [one for each in latencies for one in each]
    tally.requests = len(tally.latencies_s)
    return tally


class Asker:
    """One connection that is never idle; ``end`` gives its latencies, or raises Refused."""

    def __init__(self, connection: Connection, request: bytes, until_s: float) -> None:
        self.end: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()
        self._connection, self._request, self._until_s = connection, request, until_s
        self._latencies_s: list[float] = []
        self._asked_s = time.perf_counter()
        connection.ask(request, self)

    def piece(self, payload: bytes) -> None:
        """The answer's bytes are not looked at."""

    def done(self) -> None:
        now = time.perf_counter()
        self._latencies_s.append(now - self._asked_s)
        if now < self._until_s and self._connection.open:
            self._asked_s = now
            self._connection.ask(self._request, self)
            return
        self._connection.close()
        self.end.set_result(self._latencies_s)

    def failed(self, why: str) -> None:
        self._connection.close()
        if not self.end.done():
            self.end.set_exception(Refused(why))


async def waves(port: int, request: bytes, streams: int, rounds: int, spread_s: float) -> Tally:
    """`streams` at the same time, begun over `spread_s` so that their chunks do not come
    together; each connection asks `rounds` times."""
    tally = Tally()
    began = time.perf_counter()

    async def one(number: int) -> None:
        await asyncio.sleep(spread_s * number / streams)
        connection = await connect(port)
        for _ in range(rounds):
            tally.hear(await hear(connection, request))
        connection.close()

    await asyncio.gather(*(one(number) for number in range(streams)))
    tally.seconds = time.perf_counter() - began
    return tally


async def hear(connection: Connection, request: bytes, stamped: bool = False) -> Hearing:
    """One stream to its end."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end() -> None:
        if not ended.done():  # the load may have been given up
            ended.set_result(None)

    hearing = Hearing(end, [] if stamped else None)
    connection.ask(request, hearing)
    await ended
    return hearing


async def on_schedule(port: int, request: bytes, rate: float, seconds: float) -> Tally:
    """An open loop of stamped streams: `rate` begin each second, whatever the answers do."""
    tally = Tally()
    pool = _Pool(port)
    began = time.perf_counter()

    async def one(number: int) -> None:
        await asyncio.sleep(began + number / rate - time.perf_counter())
        tally.hear(await pool.hear(request, stamped=True))

    await asyncio.gather(*(one(number) for number in range(round(rate * seconds))))
    pool.close()
    tally.seconds = time.perf_counter() - began
    return tally


async def small_ones(port: int, request: bytes, rate: float, seconds: float) -> list[float]:
    """An open loop of requests; seconds from when each was due to its whole answer."""
    latencies: list[float] = []
    pool = _Pool(port)
    began = time.perf_counter()

    async def one(number: int) -> None:
        due_s = began + number / rate
        await asyncio.sleep(due_s - time.perf_counter())
        hearing = await pool.hear(request)
        if hearing.error is not None:
            raise Refused(hearing.error)
        latencies.append(time.perf_counter() - due_s)

    await asyncio.gather(*(one(number) for number in range(round(rate * seconds))))
    pool.close()
    return latencies


async def in_turns(
    ports: tuple[int, int], requests: tuple[bytes, bytes], pairs: int, seconds: float
) -> tuple[list[float], list[float]]:
    """Streams one at a time, here and there in turns, so that both see the same machine.

    Seconds to the first event of each; at most `pairs`, and for at most `seconds`.
    """
    connections = [await connect(port) for port in ports]
    firsts: tuple[list[float], list[float]] = ([], [])
    until = time.perf_counter() + seconds
    while len(firsts[0]) < pairs and time.perf_counter() < until:
        for connection, request, found in zip(connections, requests, firsts, strict=True):
            hearing = await hear(connection, request)
            if hearing.error is not None:
                raise Refused(hearing.error)
            found.append(hearing.first_s - hearing.asked_s)
    for connection in connections:
        connection.close()
    return firsts


class _Pool:
    """Connections that are used again where one is idle."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Connection] = []

    async def hear(self, request: bytes, stamped: bool = False) -> Hearing:
        connection = self._idle.pop() if self._idle else await connect(self._port)
        hearing = await hear(connection, request, stamped)
        if connection.open:
            self._idle.append(connection)
        return hearing

    def close(self) -> None:
        for connection in self._idle:
            connection.close()


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of `values` do not exceed; zero of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
