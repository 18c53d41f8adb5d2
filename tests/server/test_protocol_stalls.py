"""One connection that is silent, trickles or stalls, on both event loops."""

import asyncio
import socket

import pytest

from headgate.server.direct import CallersEnd
from headgate.server.interface import Receive, Scope, Send
from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.conftest import Run
from tests.server.wire import (
    Recorder,
    Transport,
    app_of,
    client,
    listening,
    make_protocol,
    read_answers,
    say,
)

GET = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
STREAM = [(b"content-type", b"text/event-stream")]


def test_a_connection_that_sends_nothing_is_closed_without_a_word(run: Run) -> None:
    async def scenario() -> None:
        async with listening(Recorder(), Limits(header_s=0.1)) as listener:
            assert await say(listener.port, b"") == b""

    run(scenario())


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/v1/messages"])
def test_headers_that_trickle_are_refused_however_steadily_they_come(run: Run, path: bytes) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with (
            listening(recorder, Limits(header_s=0.2)) as listener,
            client(listener.port) as (reader, writer),
        ):
            said = asyncio.ensure_future(reader.read())
            writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            while not said.done():
                writer.write(b"a")
                await asyncio.sleep(0.01)
            [answer] = read_answers(said.result())
            assert answer.status == 408
            assert answer.headers[b"connection"] == b"close"
            assert answer.body.startswith(b'{"type":"error"') == (path == b"/v1/messages")
            assert recorder.seen == []

    run(scenario())


def test_a_connection_that_is_idle_after_an_answer_is_closed(run: Run) -> None:
    async def scenario() -> None:
        async with listening(Recorder(), Limits(idle_s=0.1)) as listener:
            [answer] = read_answers(await say(listener.port, GET))
            assert answer.status == 200

    run(scenario())


def test_a_second_request_that_trickles_after_an_answer_is_refused(run: Run) -> None:
    async def scenario() -> None:
        async with listening(Recorder(), Limits(header_s=0.1)) as listener:
            answers = read_answers(await say(listener.port, GET + b"GET /h HTTP/1.1\r\nHo"))
            assert [answer.status for answer in answers] == [200, 408]

    run(scenario())


def test_a_body_that_stalls_is_refused_by_the_application_that_reads_it(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with listening(recorder, Limits(body_s=0.1, stall_grace_s=30)) as listener:
            said = await say(listener.port, POST + b"Content-Length: 10\r\n\r\nabc")
            [answer] = read_answers(said)
            assert (answer.status, answer.body) == (408, b"no")
            assert answer.headers[b"connection"] == b"close"
            assert recorder.seen == []

    run(scenario())


@pytest.mark.parametrize(
    "rest", [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nab"]
)
def test_a_body_that_stalls_is_refused_where_the_application_does_not_look(
    run: Run, rest: bytes
) -> None:
    async def scenario() -> None:
        told = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while (message := await receive())["type"] != "http.disconnect":
                pass
            told.append(message["type"])

        async with listening(app, Limits(body_s=0.1, stall_grace_s=0.1)) as listener:
            [answer] = read_answers(await say(listener.port, POST + rest))
            assert answer.status == 408
            assert b"stalled" in answer.body
        assert told == ["http.disconnect"]

    run(scenario())


def test_a_peer_that_reads_nothing_is_cut_off_and_counts_as_gone(run: Run) -> None:
    async def scenario() -> None:
        told: list[str] = []
        sent = 0
        over = asyncio.Event()

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            nonlocal sent
            downstream.on_leave(lambda: told.append("left"))
            await downstream.start(200, STREAM)
            try:
                while sent < 256 << 20:
                    await downstream.write(b"x" * 65536)
                    sent += 65536
            finally:
                over.set()

        async with listening(app_of(conduct), Limits(write_s=0.2)) as listener:
            sock = socket.create_connection(("127.0.0.1", listener.port))
            sock.sendall(GET)
            await over.wait()
            sock.close()
        assert told == ["left"]
        assert sent < 64 << 20

    run(scenario())


def test_a_peer_that_takes_no_end_of_the_last_answer_does_not_keep_its_connection(
    run: Run,
) -> None:
    async def scenario() -> None:
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            await downstream.respond(200, [], b"x" * (32 << 20))

        async with listening(app_of(conduct), Limits(write_s=0.2)) as listener:
            sock = socket.create_connection(("127.0.0.1", listener.port))
            sock.sendall(LAST)
            while not listener.protocols or listener.state.connections:
                await asyncio.sleep(0.01)
            sock.close()

    run(scenario())


def test_not_even_a_small_rest_that_nobody_takes_keeps_a_connection(run: Run) -> None:
    async def scenario() -> None:
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            transport = listener.protocols[0].transport
            await downstream.start(200, [*STREAM, (b"connection", b"close")])
            while transport.get_write_buffer_size() == 0:
                await downstream.write(b"x" * 16384)
                await asyncio.sleep(0)
            assert not listener.protocols[0].flow.write_paused
            await downstream.finish()

        async with listening(app_of(conduct), Limits(write_s=0.2)) as listener:
            sock = socket.create_connection(("127.0.0.1", listener.port))
            sock.sendall(GET)
            while not listener.protocols or listener.state.connections:
                await asyncio.sleep(0.01)
            sock.close()

    run(scenario())


@pytest.mark.parametrize("closing", [False, True])
async def test_a_peer_that_takes_a_little_each_time_is_not_cut_off(closing: bool) -> None:
    transport = Transport()
    protocol = make_protocol(Recorder(), Limits(), State())
    protocol.connection_made(transport)
    transport.unsent = 200_000
    protocol.pause_writing()
    if closing:
        transport.close()
    for unsent in range(190_000, 0, -10_000):
        transport.unsent = unsent
        protocol._on_write_stall()
        assert not transport.cut
    protocol._on_write_stall()
    assert transport.cut
    protocol.connection_lost(None)
