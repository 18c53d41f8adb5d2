"""Bodies, answers and their order on one connection, on both event loops."""

import asyncio
import logging

import pytest

from headgate.server.direct import CallersEnd
from headgate.server.interface import Receive, Scope, Send
from headgate.server.limits import Limits
from tests.server.conftest import Run
from tests.server.wire import Recorder, app_of, client, listening, read_answers, say

GET = b"GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\n"
STREAM = [(b"content-type", b"text/event-stream")]


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
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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


def test_a_body_that_breaks_before_it_was_asked_for_is_refused_without_a_continue(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        head = POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with listening(Recorder()) as listener:
            [answer] = read_answers(await say(listener.port, head + b"nonsense\r\n"))
            while listener.state.tasks:
                await asyncio.sleep(0)
        assert answer.status == 400
        assert caplog.records == []

    run(scenario())


def test_an_early_answer_reaches_a_peer_that_goes_on_sending(run: Run) -> None:
    async def scenario() -> None:
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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
        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
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

    with caplog.at_level(logging.CRITICAL, "headgate.server.cycle"):
        run(scenario())


# Pipelining


def test_few_requests_wait_for_their_turn_and_all_get_it_in_order(run: Run) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()
        seen: list[bytes] = []
        queued: list[int] = []
        paused: list[bool] = []

        async def conduct(downstream: CallersEnd, scope: Scope) -> None:
            await gate.wait()
            queued.append(len(listener.protocols[0].pipeline))
            paused.append(listener.protocols[0].flow.read_paused)
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
            assert paused[0]

    run(scenario())
