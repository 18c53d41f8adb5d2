import asyncio

from typing_extensions import override

from headgate.upstream.connection import Connection, Origin
from headgate.upstream.pool import Pool

A: Origin = ("http", "a.test", 80, "")
B: Origin = ("https", "a.test", 443, "")


class FakeConnection(Connection):
    """Open until it is dropped."""

    def __init__(self, origin: Origin = A) -> None:
        self.origin = origin
        self.idle_until = 0.0
        self.open = True
        self.said = b""

    @property
    @override
    def usable(self) -> bool:
        return self.open

    @property
    @override
    def quiet(self) -> bool:
        return not self.said

    @override
    def abort(self) -> None:
        self.open = False


def _now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_latest_is_taken_first_and_only_where_it_leads() -> None:
    pool = Pool(20.0, 10)
    first, second, other = FakeConnection(), FakeConnection(), FakeConnection(B)
    for connection in (first, second, other):
        pool.keep(connection, None)
    assert pool.take(A, _now()) is second
    assert pool.take(A, _now()) is first
    assert pool.take(A, _now()) is None
    assert pool.take(B, _now()) is other
    assert pool.size == 0
    pool.close()


async def test_no_more_are_kept_than_the_bound() -> None:
    pool = Pool(20.0, 2)
    connections = [FakeConnection() for _ in range(5)]
    for connection in connections:
        pool.keep(connection, None)
    assert [connection.open for connection in connections] == [True, True, False, False, False]
    assert pool.size == 2
    pool.close()


async def test_what_was_closed_or_waited_too_long_is_not_taken() -> None:
    pool = Pool(20.0, 10)
    old, closed = FakeConnection(), FakeConnection()
    pool.keep(old, None)
    pool.keep(closed, None)
    closed.open = False
    assert pool.take(A, _now() + 21) is None
    assert not old.open
    assert pool.size == 0
    pool.close()


async def test_one_on_which_something_came_unasked_is_dropped_for_the_next() -> None:
    pool = Pool(20.0, 10)
    good, bad = FakeConnection(), FakeConnection()
    pool.keep(good, None)
    pool.keep(bad, None)
    bad.said = b"HTTP/1.1 200 OK"
    assert pool.take(A, _now()) is good
    assert not bad.open
    assert pool.size == 0
    pool.close()


async def test_the_backend_may_ask_for_a_shorter_time_but_not_for_a_longer() -> None:
    pool = Pool(20.0, 10)
    short, long, none = FakeConnection(), FakeConnection(), FakeConnection()
    pool.keep(long, 600.0)
    pool.keep(short, 4.0)
    pool.keep(none, 0.0)
    assert not none.open
    assert short.idle_until < _now() + 5 < long.idle_until < _now() + 21
    pool.close()


async def test_what_waits_is_dropped_in_time_and_then_nothing_ticks() -> None:
    pool = Pool(0.05, 10)
    connections = [FakeConnection() for _ in range(3)]
    pool.keep(connections[0], None)
    await asyncio.sleep(0.02)
    for connection in connections[1:]:
        pool.keep(connection, None)
    async with asyncio.timeout(5):
        while any(connection.open for connection in connections):
            await asyncio.sleep(0.01)
    assert pool.size == 0
    assert pool.take(A, _now()) is None
    pool.close()


async def test_a_forgotten_one_is_not_taken_and_may_be_forgotten_twice() -> None:
    pool = Pool(20.0, 10)
    connection = FakeConnection()
    pool.keep(connection, None)
    pool.forget(connection)
    pool.forget(connection)
    assert pool.size == 0
    assert pool.take(A, _now()) is None
    pool.close()


async def test_a_closed_pool_keeps_nothing() -> None:
    pool = Pool(20.0, 10)
    before, after = FakeConnection(), FakeConnection()
    pool.keep(before, None)
    pool.close()
    pool.keep(after, None)
    assert not before.open
    assert not after.open
