"""One connection under hostile, slow and leaving peers, on both event loops."""

import asyncio
import gc
import logging
import socket
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from headgate.ports import CallerLeft
from headgate.server.connection import Connection
from headgate.server.downstream import Downstream
from headgate.server.interface import Receive, Scope, Send
from headgate.server.limits import Limits
from tests.server.wire import Recorder, app_of, client, listening, read_answers, say

GET = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
STREAM = [(b"content-type", b"text/event-stream")]

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    def run_on_loop(scenario: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(scenario)

    return run_on_loop


class Waiting:
    """Conduct that starts a stream and waits to be left; notes what it was told."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.left = asyncio.Event()
        self.calls = 0
        self.write_failed = False

    async def __call__(self, downstream: Downstream, scope: Scope) -> None:
        downstream.on_leave(self._note)
        await downstream.read_body(1000)
        await downstream.start(200, STREAM)
        await downstream.write(b"data: 1\n\n")
        self.started.set()
        await self.left.wait()
        assert downstream.left
        try:
            await downstream.write(b"data: 2\n\n")
        except CallerLeft:
            self.write_failed = True

    def _note(self) -> None:
        self.calls += 1
        self.left.set()


# Timers


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

        async def conduct(downstream: Downstream, scope: Scope) -> None:
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
        async def conduct(downstream: Downstream, scope: Scope) -> None:
            await downstream.respond(200, [], b"x" * (32 << 20))

        async with listening(app_of(conduct), Limits(write_s=0.2)) as listener:
            sock = socket.create_connection(("127.0.0.1", listener.port))
            sock.sendall(LAST)
            while not listener.protocols or listener.state.connections:
                await asyncio.sleep(0.01)
            sock.close()

    run(scenario())


# Bodies and answers


def test_the_continue_is_sent_only_when_the_application_reads(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with (
            listening(recorder) as listener,
            client(listener.port) as (reader, writer),
        ):
            writer.write(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"abc")
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
            assert recorder.seen == [("POST", b"/p", b"abc")]

    run(scenario())


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_before_the_body_is_read_sends_no_continue(run: Run, version: bytes) -> None:
    async def scenario() -> None:
        async def conduct(downstream: Downstream, scope: Scope) -> None:
            await downstream.respond(401, [], b"no")

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (reader, writer),
        ):
            line = b"POST /p HTTP/" + version + b"\r\nHost: a\r\nExpect: 100-continue\r\n"
            writer.write(line + b"Content-Length: 3\r\n\r\n")
            [answer] = read_answers(await reader.read())
            assert (answer.status, answer.headers[b"connection"]) == (401, b"close")

    run(scenario())


def test_an_early_answer_reaches_a_peer_that_goes_on_sending(run: Run) -> None:
    async def scenario() -> None:
        async def conduct(downstream: Downstream, scope: Scope) -> None:
            await downstream.respond(413, [], b"too large")

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (reader, writer),
        ):
            writer.write(POST + b"Content-Length: 9000000\r\n\r\n")
            answered = asyncio.ensure_future(reader.read())
            for _ in range(64):
                writer.write(b"x" * 65536)
                await writer.drain()
            [answer] = read_answers(await answered)
            assert (answer.status, answer.body) == (413, b"too large")

    run(scenario())


def test_a_refused_peer_that_sends_on_for_ever_is_cut_off(run: Run) -> None:
    async def scenario() -> None:
        async with (
            listening(Recorder(), Limits(linger_s=0.1)) as listener,
            client(listener.port) as (_, writer),
        ):
            writer.write(b"nonsense\r\n\r\n")
            while not listener.protocols or listener.state.connections:
                writer.write(b"more")
                await asyncio.sleep(0.01)

    run(scenario())


def test_a_large_body_arrives_whole(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        body = bytes(range(256)) * 4000
        async with listening(recorder) as listener:
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            said = await say(listener.port, POST + length + body + LAST)
            assert [answer.status for answer in read_answers(said)] == [200, 200]
        assert recorder.seen[0] == ("POST", b"/p", body)

    run(scenario())


def test_a_stream_is_chunked_for_http_1_1_and_ends_with_the_connection_for_1_0(run: Run) -> None:
    async def scenario() -> None:
        async def conduct(downstream: Downstream, scope: Scope) -> None:
            await downstream.start(200, [*STREAM, (b"connection", b"keep-alive")])
            await downstream.write(b"one")
            await downstream.write(b"two")
            await downstream.finish()

        async with listening(app_of(conduct)) as listener:
            [new] = read_answers(await say(listener.port, LAST))
            assert new.headers[b"transfer-encoding"] == b"chunked"
            assert new.body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
            [old] = read_answers(await say(listener.port, b"GET /g HTTP/1.0\r\n\r\n"))
            assert b"transfer-encoding" not in old.headers
            assert old.body == b"onetwo"
            assert new.headers[b"connection"] == old.headers[b"connection"] == b"close"

    run(scenario())


def test_a_trailer_does_not_become_a_header(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nAuthorization: evil\r\n\r\n"
        async with listening(recorder) as listener:
            await say(listener.port, POST + chunked + LAST)
        names = [name for name, _ in recorder.scopes[0]["headers"]]
        assert names == [b"host", b"transfer-encoding"]

    run(scenario())


def test_blanks_around_a_value_are_not_part_of_it(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with listening(recorder) as listener:
            await say(listener.port, LAST[:-2] + b"X-Key: \t k \t\r\n\r\n")
        assert (b"x-key", b"k") in recorder.scopes[0]["headers"]

    run(scenario())


def test_an_application_that_fails_gives_a_json_error_without_its_words(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise LookupError("secret")

        async with listening(app) as listener:
            [answer] = read_answers(await say(listener.port, GET))
            assert answer.status == 500
            assert answer.body.startswith(b'{"error":')
            assert b"secret" not in answer.body

    with caplog.at_level(logging.CRITICAL, "uvicorn.error"):
        run(scenario())


# Pipelining


def test_few_requests_wait_for_their_turn_and_all_get_it_in_order(run: Run) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()
        seen: list[bytes] = []
        queued: list[int] = []

        async def conduct(downstream: Downstream, scope: Scope) -> None:
            await gate.wait()
            queued.append(len(listener.protocols[0].pipeline))
            seen.append(scope["raw_path"])
            await downstream.respond(200, [], scope["raw_path"])

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (reader, writer),
        ):
            for number in range(40):
                writer.write(
                    b"GET /%d HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (number, b"x" * 9000)
                )
            writer.write(LAST)
            asyncio.get_running_loop().call_later(0.1, gate.set)
            answers = read_answers(await reader.read())
            expected = [b"/%d" % number for number in range(40)] + [b"/last"]
            assert [answer.body for answer in answers] == seen == expected
            assert max(queued) == 4

    run(scenario())


# Leaving


@pytest.mark.parametrize("half", [False, True], ids=["closing", "half-closing"])
@pytest.mark.parametrize("behind", [b"", GET * 2], ids=["alone", "with others queued"])
def test_who_leaves_in_mid_stream_is_noticed_at_once(run: Run, half: bool, behind: bytes) -> None:
    async def scenario() -> None:
        waiting = Waiting()
        async with (
            listening(app_of(waiting)) as listener,
            client(listener.port) as (reader, writer),
        ):
            writer.write(GET + behind)
            await waiting.started.wait()
            await reader.readuntil(b"data: 1")
            if half:
                writer.write_eof()
            else:
                writer.transport.abort()
            await waiting.left.wait()
            while listener.state.tasks:
                await asyncio.sleep(0)
        assert waiting.calls == 1
        assert waiting.write_failed

    run(scenario())


def test_who_leaves_before_the_body_is_whole_is_noticed_too(run: Run) -> None:
    async def scenario() -> None:
        waiting = Waiting()
        async with (
            listening(app_of(waiting)) as listener,
            client(listener.port) as (_, writer),
        ):
            writer.write(POST + b"Content-Length: 10\r\n\r\nabc")
            while not listener.state.tasks:
                await asyncio.sleep(0)
            writer.close()
            await waiting.left.wait()
        assert waiting.calls == 1
        assert not waiting.started.is_set()

    run(scenario())


def test_who_leaves_after_the_whole_answer_has_not_left_it(run: Run) -> None:
    async def scenario() -> None:
        told: list[str] = []

        async def conduct(downstream: Downstream, scope: Scope) -> None:
            downstream.on_leave(lambda: told.append("left"))
            await downstream.respond(200, [], b"ok")

        async with listening(app_of(conduct)) as listener:
            async with client(listener.port) as (reader, writer):
                writer.write(GET)
                await reader.readuntil(b"ok")
            while listener.state.connections:
                await asyncio.sleep(0)
        assert told == []

    run(scenario())


def test_an_abort_breaks_the_body_off_and_is_no_leaving(run: Run) -> None:
    async def scenario() -> None:
        told: list[str] = []

        async def conduct(downstream: Downstream, scope: Scope) -> None:
            downstream.on_leave(lambda: told.append("left"))
            await downstream.start(200, STREAM)
            await downstream.write(b"one")
            downstream.abort()
            with pytest.raises(CallerLeft):
                await downstream.write(b"two")

        async with listening(app_of(conduct)) as listener:
            with pytest.raises(ConnectionResetError):
                await say(listener.port, GET)
        assert told == []

    run(scenario())


def test_a_body_that_breaks_after_the_answer_began_cuts_the_connection(run: Run) -> None:
    async def scenario() -> None:
        waiting = asyncio.Event()

        async def conduct(downstream: Downstream, scope: Scope) -> None:
            downstream.on_leave(waiting.set)
            await downstream.start(200, STREAM)
            await downstream.write(b"one")
            await waiting.wait()

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (reader, writer),
        ):
            writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            begun = await reader.readuntil(b"one\r\n")
            writer.write(b"nonsense\r\n")
            rest = await reader.read()
            assert begun.startswith(b"HTTP/1.1 200")
            assert rest == b""

    run(scenario())


# The connection


def test_the_scope_carries_the_connection(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with listening(recorder) as listener:
            await say(listener.port, LAST)
            assert listener.protocols[0].client is not None
        connection = recorder.scopes[0]["extensions"]["headgate"]
        assert isinstance(connection, Connection)
        assert connection.loopback
        assert connection.peername == recorder.scopes[0]["client"]

    run(scenario())


def test_small_writes_are_not_delayed_by_the_kernel(run: Run) -> None:
    async def scenario() -> None:
        waiting = Waiting()
        async with (
            listening(app_of(waiting)) as listener,
            client(listener.port) as (_, writer),
        ):
            writer.write(GET)
            await waiting.started.wait()
            sock = listener.protocols[0].transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(scenario())


def test_a_connection_that_is_over_leaves_nothing_for_the_collector(run: Run) -> None:
    async def scenario() -> None:
        recorder = Recorder()
        async with listening(recorder) as listener:
            gc.collect()
            gc.disable()
            try:
                await say(listener.port, GET + POST + b"Content-Length: 3\r\n\r\nabc" + LAST)
                while listener.state.connections or listener.state.tasks:
                    await asyncio.sleep(0)
                gone = weakref.ref(listener.protocols.pop())
                scope = weakref.ref(recorder.scopes[0]["extensions"]["headgate"])
                recorder.scopes.clear()
                for _ in range(3):
                    await asyncio.sleep(0)
                assert gone() is None
                assert scope() is None
            finally:
                gc.enable()

    run(scenario())


# The end of the server


def test_a_drain_closes_idle_connections_and_lets_the_running_answer_be_the_last(run: Run) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def conduct(downstream: Downstream, scope: Scope) -> None:
            if scope["raw_path"] == b"/slow":
                await gate.wait()
            await downstream.respond(200, [], await downstream.read_body(10))

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (idle, _),
            client(listener.port) as (reader, writer),
        ):
            writer.write(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
            while not listener.state.tasks:
                await asyncio.sleep(0)
            for protocol in listener.protocols:
                protocol.shutdown()
            assert await idle.read() == b""
            writer.write(b"bc" + GET)
            gate.set()
            [answer] = read_answers(await reader.read())
            assert (answer.body, answer.headers[b"connection"]) == (b"abc", b"close")

    run(scenario())
