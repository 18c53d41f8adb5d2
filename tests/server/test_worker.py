"""One serving process: its start, its signals, its drain."""

import asyncio
import signal

import pytest

from tests.server.process import serving, starting
from tests.server.wire import client, read_answers, say

LAST = b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_it_serves_and_ends_well_and_says_nothing_of_itself() -> None:
    async with serving("1") as served:
        [answer] = read_answers(await say(served.port, LAST))
        assert answer.body == b"%d" % served.process.pid
        assert sorted(answer.headers) == [b"connection", b"content-length", b"date"]
        served.signal(signal.SIGTERM)
        assert await served.end() == (0, "")
        assert served.lines[1:] == [f"port {served.port}", "drain", "closed"]


async def test_at_the_deadline_streams_say_their_last_word() -> None:
    async with serving("1", "drain_s=0.2") as served, client(served.port) as (reader, writer):
        writer.write(get(b"/last-word"))
        await reader.readuntil(b"begun\r\n")
        served.signal(signal.SIGTERM)
        assert await reader.read() == b"a\r\nrestarting\r\n0\r\n\r\n"
        assert await served.end() == (0, "")
        assert served.lines[-3:] == ["drain", "deadline", "closed"]


async def test_while_it_drains_nobody_new_is_let_in_and_who_is_in_may_finish() -> None:
    async with serving("1") as served, client(served.port) as (reader, writer):
        writer.write(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n")
        writer.write(b"Content-Length: 3\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        served.signal(signal.SIGINT)
        await served.until("drain")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"abc")
        [answer] = read_answers(await reader.read())
        assert (answer.body, answer.headers[b"connection"]) == (b"abc", b"close")
        assert await served.end() == (0, "")
        assert "deadline" not in served.lines


async def test_who_has_no_last_word_is_cut_off() -> None:
    arguments = ("1", "drain_s=0.1", "last_word_s=0.1")
    async with serving(*arguments) as served, client(served.port) as (reader, writer):
        writer.write(get(b"/stubborn"))
        await reader.readuntil(b"begun\r\n")
        served.signal(signal.SIGTERM)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert await served.end() == (0, "")
        assert served.lines[-4:] == ["drain", "deadline", "left", "closed"]


async def test_a_second_signal_shortens_the_drain() -> None:
    async with serving("1", "hurry_s=0.1") as served, client(served.port) as (reader, writer):
        writer.write(get(b"/last-word"))
        await reader.readuntil(b"begun\r\n")
        served.signal(signal.SIGTERM)
        await served.until("drain")
        served.signal(signal.SIGTERM)
        await served.until("deadline")
        assert b"restarting" in await reader.read()
        assert await served.end() == (0, "")


async def test_a_hangup_reloads_and_serving_goes_on() -> None:
    async with serving("1") as served:
        served.signal(signal.SIGHUP)
        await served.until("reload")
        assert read_answers(await say(served.port, LAST))[0].status == 200


async def test_an_application_that_cannot_start_is_one_sentence() -> None:
    async with starting("1", "broken") as served:
        code, told = await served.end()
        assert code == 1
        assert told == "the application could not start: the database is a teapot\n"
        assert not any(line.startswith("port") for line in served.lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_start_that_takes_for_ever(number: signal.Signals) -> None:
    async with starting("1", "slow") as served:
        await served.until("starting")
        served.signal(number)
        assert await served.end() == (1, "stopped while the application was starting\n")
