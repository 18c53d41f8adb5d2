"""Several workers on one listener."""

import asyncio
import os
import signal

import pytest

from tests.server.process import serving, starting
from tests.server.wire import client, read_answers, say

LAST = b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def pids(lines: list[str]) -> dict[int, int]:
    found = [line.split() for line in lines if line.startswith("worker")]
    return {int(number): int(pid) for _, number, pid in found}


async def test_all_workers_serve_one_port_and_all_end_well() -> None:
    async with serving("3") as served:
        workers = pids(served.lines)
        assert sorted(workers) == [0, 1, 2]
        [answer] = read_answers(await say(served.port, LAST))
        assert int(answer.body) in workers.values()
        served.signal(signal.SIGTERM)
        assert await served.end() == (0, "")
        assert served.lines.count("drain") == served.lines.count("closed") == 3


async def test_a_worker_that_dies_is_replaced() -> None:
    async with serving("2") as served:
        workers = pids(served.lines)
        os.kill(workers[1], signal.SIGKILL)
        replaced = await served.until("worker 1")
        assert int(replaced) not in workers.values()
        os.kill(workers[0], signal.SIGSTOP)
        try:
            [answer] = read_answers(await say(served.port, LAST))
        finally:
            os.kill(workers[0], signal.SIGCONT)
        assert answer.body == replaced.encode()


async def test_a_hangup_reaches_every_worker() -> None:
    async with serving("2") as served:
        served.signal(signal.SIGHUP)
        await served.until("reload")
        await served.until("reload")


async def test_nobody_new_is_let_in_while_they_drain_and_a_second_signal_reaches_them() -> None:
    arguments = ("2", "hurry_s=0.1", "last_word_s=0.1")
    async with serving(*arguments) as served, client(served.port) as (reader, writer):
        writer.write(b"GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"begun\r\n")
        served.signal(signal.SIGINT)
        await served.until("drain")
        await served.until("drain")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        served.signal(signal.SIGINT)
        await served.until("deadline")
        assert await served.end() == (0, "")


async def test_workers_whose_supervisor_was_killed_do_not_live_on() -> None:
    async with serving("2") as served:
        served.signal(signal.SIGKILL)
        await served.until("closed")
        await served.until("closed")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("broken", "the application could not start: the database is a teapot\n"),
        ("crashing", "a worker died while it started\n"),
    ],
)
async def test_where_a_worker_cannot_start_all_end_with_one_sentence(how: str, why: str) -> None:
    async with starting("2", how) as served:
        assert await served.end() == (1, why)
