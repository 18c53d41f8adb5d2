"""One connection under leaving peers and a leaving server, on both event loops."""

import asyncio
import gc
import socket
import weakref

import pytest

from headgate.ports import CallerLeft
from headgate.server.connection import Connection
from headgate.server.direct import CallersEnd
from headgate.server.interface import Scope
from tests.server.conftest import Run
from tests.server.wire import Recorder, app_of, client, listening, read_answers, say

GET = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
STREAM = [(b"content-type", b"text/event-stream")]


class Waiting:
    """Conduct that starts a stream and waits to be left; notes what it was told."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.left = asyncio.Event()
        self.calls = 0
        self.write_failed = False

    async def __call__(self, downstream: CallersEnd, scope: Scope) -> None:
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


# Leaving


def test_who_stops_reading_and_half_closes_is_noticed_although_much_is_unsent(run: Run) -> None:
    async def scenario() -> None:
        left, full = asyncio.Event(), asyncio.Event()

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            downstream.on_leave(left.set)
            await downstream.start(200, STREAM)
            while True:
                if listener.protocols[0].flow.write_paused:
                    full.set()
                await downstream.write(b"x" * 65536)

        async with listening(app_of(conduct)) as listener:
            sock = socket.create_connection(("127.0.0.1", listener.port))
            sock.sendall(GET)
            await full.wait()
            sock.shutdown(socket.SHUT_WR)
            await left.wait()
            sock.close()

    run(scenario())


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

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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


def test_a_refusal_for_a_broken_body_is_not_cut_short_by_who_served_it(run: Run) -> None:
    async def scenario() -> None:
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            try:
                await downstream.read_body(1000)
            finally:
                downstream.abort()

        async with (
            listening(app_of(conduct)) as listener,
            client(listener.port) as (reader, writer),
        ):
            writer.write(POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")
            [answer] = read_answers(await reader.read())
            while listener.state.tasks:
                await asyncio.sleep(0)
            assert answer.status == 400
            assert len(listener.state.connections) == 1, "what the peer still sends is read"

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

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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
