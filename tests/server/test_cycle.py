"""The writing of one answer: framing for every kind of request and answer."""

import asyncio
from typing import Any

import pytest

from headgate.server.interface import Headers, Message, Receive, Scope, Send
from headgate.server.limits import Limits
from headgate.server.state import State
from tests.server.wire import Transport, make_protocol


async def answer(request: bytes, *messages: Message) -> tuple[bytes, bool]:
    """What goes over the wire when an application sends `messages`, and whether it closes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    state, transport = State(), Transport()
    protocol = make_protocol(app, Limits(), state)
    protocol.connection_made(transport)
    protocol.data_received(request)
    while state.tasks:
        await asyncio.sleep(0)
    closed = transport.closed
    protocol.connection_lost(None)
    return transport.written, closed


def start(status: int = 200, headers: Headers | None = None) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers or []}


def body(data: bytes, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
SIZE = (b"content-length", b"2")


@pytest.mark.parametrize(
    ("request_", "messages", "written", "closed"),
    [
        pytest.param(
            GET, [start(headers=[SIZE]), body(b"ok")],
            OK + b"content-length: 2\r\n\r\nok", False, id="a length",
        ),
        pytest.param(
            GET, [start(), body(b"one", True), body(b"", True), body(b"two")],
            OK + b"transfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", False,
            id="chunks",
        ),
        pytest.param(
            GET, [start(headers=[(b"transfer-encoding", b"chunked")]), body(b"")],
            OK + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n", False, id="framing is not theirs",
        ),
        pytest.param(
            OLD, [start(), body(b"one", True), body(b"two")],
            OK + b"connection: close\r\n\r\nonetwo", True, id="to the end for 1.0",
        ),
        pytest.param(
            HEAD, [start(headers=[SIZE]), body(b"ok")],
            OK + b"content-length: 2\r\n\r\n", False, id="HEAD with a length",
        ),
        pytest.param(HEAD, [start(), body(b"ok")], OK + b"\r\n", False, id="HEAD without"),
        pytest.param(
            GET, [start(204), body(b"")], b"HTTP/1.1 204 No Content\r\n\r\n", False, id="204",
        ),
        pytest.param(
            GET, [start(headers=[SIZE, (b"connection", b"keep-alive")]), body(b"ok")],
            OK + b"content-length: 2\r\nconnection: keep-alive\r\n\r\nok", False, id="keep-alive",
        ),
        pytest.param(
            OLD, [start(headers=[SIZE, (b"connection", b"keep-alive")]), body(b"ok")],
            OK + b"content-length: 2\r\nconnection: close\r\n\r\nok", True,
            id="no keep-alive where it closes",
        ),
        pytest.param(
            GET, [start(headers=[SIZE, (b"Connection", b"Close")]), body(b"ok")],
            OK + b"content-length: 2\r\nconnection: close\r\n\r\nok", True, id="closing on demand",
        ),
        pytest.param(
            GET, [start(headers=[(b"content-length", b"0")]), body(b"")],
            OK + b"content-length: 0\r\n\r\n", False, id="nothing",
        ),
    ],
)  # fmt: skip
async def test_an_answer_is_framed_as_its_request_allows(
    request_: bytes, messages: list[Message], written: bytes, closed: bool
) -> None:
    assert await answer(request_, *messages) == (written, closed)


@pytest.mark.parametrize(
    ("messages", "begins"),
    [
        ([], b"HTTP/1.1 500"),
        ([body(b"x")], b"HTTP/1.1 500"),
        ([start(999)], b"HTTP/1.1 500"),
        ([start(headers=[(b"content-length", b"two")])], b"HTTP/1.1 500"),
        ([start(headers=[(b"x", b"a\r\nb")])], b"HTTP/1.1 500"),
        ([start(headers=[SIZE]), body(b"longer")], b""),
        ([start(headers=[SIZE]), body(b"s")], b"HTTP/1.1 200"),
        ([start(), start()], b"HTTP/1.1 200"),
        ([start(), body(b"cut", True)], b"HTTP/1.1 200"),
    ],
)
async def test_an_application_that_breaks_the_protocol_loses_its_connection(
    messages: list[Message], begins: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    written, closed = await answer(GET, *messages)
    assert closed
    assert written.startswith(begins)
    assert not written.endswith(b"0\r\n\r\n")
    assert caplog.records[0].name == "headgate.server.cycle"


async def test_the_head_of_a_sized_answer_leaves_with_its_body() -> None:
    writes: list[Any] = []

    class Counting(Transport):
        def write(self, data: object) -> None:  # type: ignore[explicit-override]
            writes.append(data)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(headers=[SIZE]))
        await send(body(b"ok"))

    state = State()
    protocol = make_protocol(app, Limits(), state)
    protocol.connection_made(Counting())
    protocol.data_received(GET)
    while state.tasks:
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    assert len(writes) == 1
