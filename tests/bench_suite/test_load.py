"""Backend and load against each other: nothing is lost, and schedules do not wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.asking import Door
from bench.connection import Refused
from bench.load import in_turns, on_schedule, one_after_another, quantile, small_ones, waves
from bench.upstream import Backend, Shape

TEXT_AND_OTHERS = 3
"""Events beside the text: the first, the finish, the terminator."""


@asynccontextmanager
async def backend(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(Backend, "shape", shape)
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", 0)
    async with server:
        yield Door(port=server.sockets[0].getsockname()[1])


async def test_requests_follow_each_other_for_as_long_as_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with backend(Shape(), monkeypatch) as door:
        tally = await one_after_another(door.port, door.asks(tokens=10_000), 2, 0.05)
    assert tally.requests == len(tally.latencies_s) >= 2


async def test_every_chunk_of_every_wave_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with backend(Shape(chunks=5, pace_ms=2), monkeypatch) as door:
        tally = await waves(door.port, door.asks(stream=True), streams=3, rounds=2, spread_s=0.01)
    assert tally.requests == len(tally.firsts_s) == 6
    assert tally.events == 6 * (5 + TEXT_AND_OTHERS)


async def test_a_schedule_begins_as_many_streams_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with backend(Shape(chunks=4, pace_ms=20, stamped=True), monkeypatch) as door:
        tally = await on_schedule(door.port, door.asks(stream=True), rate=200, seconds=0.05)
    assert tally.requests == 10
    for stamps in tally.stamps:
        left, came = stamps[::2], stamps[1::2]
        assert len(left) == len(came) == 4
        assert all(sent <= heard for sent, heard in zip(left, came, strict=True))


async def test_both_sides_get_as_many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    async with backend(Shape(chunks=0, pace_ms=0), monkeypatch) as door:
        request = door.asks(stream=True)
        here, there = await in_turns((door.port, door.port), (request, request), 7, 30)
    assert len(here) == len(there) == 7


async def test_small_ones_are_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with backend(Shape(), monkeypatch) as door:
        assert len(await small_ones(door.port, door.asks(), rate=500, seconds=0.04)) == 20


async def test_a_refusal_ends_the_load() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        door = Door(port=server.sockets[0].getsockname()[1])
        with pytest.raises(Refused, match="status 500: no"):
            await one_after_another(door.port, door.asks(), 1, 5)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 1.0) == 3.0
    assert quantile([], 0.5) == 0.0
