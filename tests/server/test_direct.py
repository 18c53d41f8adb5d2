"""The caller's side on our own server: the same promises as over messages."""

import asyncio
import gzip

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from headgate.model.fault import Refused
from headgate.ports import CallerLeft
from headgate.server.cycle import Cycle
from headgate.server.direct import Direct, downstream_of
from headgate.server.downstream import Downstream
from headgate.server.head import Head, read_head
from headgate.server.header_text import UnsafeHeader
from headgate.server.interface import Message
from headgate.server.limits import Limits
from tests.server.wire import Transport

OK = b"HTTP/1.1 200 OK\r\ndate: now\r\n"


def head(lines: bytes = b"", method: bytes = b"POST", version: bytes = b"1.1") -> Head:
    line = method + b" /p HTTP/" + version + b"\r\nHost: a\r\n"
    return read_head(line + lines + b"\r\n", Limits())


class Caller:
    """A caller and what it was sent; its body comes by `says`."""

    def __init__(self, asked: Head | None = None, *pieces: bytes) -> None:
        self.transport = Transport()
        self.flow = FlowControl(self.transport)
        self.cycle = Cycle(
            self.transport, asked or head(), self.flow, b"date: now\r\n", ("h", 1), True
        )
        self.direct = Direct(self.cycle)
        for piece in pieces:
            self.cycle.feed(piece)
        if pieces or asked is None:
            self.end()

    def end(self) -> None:
        self.cycle.more_body = False
        self.cycle.tell()


async def test_a_body_that_is_there_is_read_without_waiting() -> None:
    reading = Caller(None, b"one", b"two").direct.read_body(6)
    with pytest.raises(StopIteration) as stopped:
        reading.send(None)
    assert stopped.value.value == b"onetwo"


async def test_a_body_that_comes_later_is_waited_for() -> None:
    caller = Caller(head(b"Content-Length: 6\r\n"))
    reading = asyncio.ensure_future(caller.direct.read_body(6))
    for piece in (b"one", b"two"):
        await asyncio.sleep(0)
        caller.cycle.feed(piece)
    caller.end()
    assert await reading == b"onetwo"


async def test_the_body_can_be_taken_piece_by_piece() -> None:
    caller = Caller(head(b"Content-Length: 6\r\n"), b"one")
    caller.cycle.more_body = True
    assert await caller.direct.read_piece() == b"one"
    caller.cycle.feed(b"two")
    caller.end()
    assert [await caller.direct.read_piece() for _ in range(2)] == [b"two", b""]


@pytest.mark.parametrize("lines", [b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_body_that_is_too_large_is_refused(lines: bytes) -> None:
    with pytest.raises(Refused) as caught:
        await Caller(head(lines), b"onetwo7").direct.read_body(6)
    assert caught.value.fault.kind == "request_too_large"


async def test_a_compressed_body_is_bounded_before_and_after() -> None:
    data, asked = gzip.compress(b"x" * 100), head(b"Content-Encoding: gzip\r\n")
    assert await Caller(asked, data[:9], data[9:]).direct.read_body(100) == b"x" * 100
    for limit, body in ((99, data), (100, data[:-1])):
        with pytest.raises(Refused):
            await Caller(asked, body).direct.read_body(limit)


async def test_codings_on_top_of_each_other_are_refused() -> None:
    asked = head(b"Content-Encoding: gzip\r\n" * 2)
    with pytest.raises(Refused) as caught:
        await Caller(asked, b"x").direct.read_body(9)
    assert caught.value.fault.kind == "unsupported_media_type"


async def test_a_stalled_body_is_refused() -> None:
    caller = Caller(head(b"Content-Length: 6\r\n"))
    reading = asyncio.ensure_future(caller.direct.read_body(6))
    await asyncio.sleep(0)
    caller.cycle.stalled = True
    caller.cycle.tell()
    with pytest.raises(Refused) as caught:
        await reading
    assert caught.value.fault.kind == "request_stalled"


async def test_who_leaves_while_the_body_is_read_is_gone() -> None:
    caller, told = Caller(head(b"Content-Length: 6\r\n")), list[str]()
    caller.direct.on_leave(lambda: told.append("left"))
    reading = asyncio.ensure_future(caller.direct.read_body(6))
    await asyncio.sleep(0)
    caller.cycle.leave()
    caller.cycle.tell()
    with pytest.raises(CallerLeft):
        await reading
    assert (told, caller.direct.left) == (["left"], True)


async def test_the_word_that_a_peer_waits_for_is_said_when_the_body_is_read() -> None:
    caller = Caller(head(b"Expect: 100-continue\r\nContent-Length: 3\r\n"))
    assert caller.transport.written == b""
    reading = asyncio.ensure_future(caller.direct.read_body(6))
    await asyncio.sleep(0)
    assert caller.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    caller.cycle.feed(b"abc")
    caller.end()
    assert await reading == b"abc"


async def test_a_large_body_that_was_taken_is_no_reason_not_to_read_on() -> None:
    caller = Caller(None, b"one")
    caller.flow.pause_reading()
    await caller.direct.read_body(6)
    assert not caller.flow.read_paused


@pytest.mark.parametrize(
    ("asked", "status", "headers", "written"),
    [
        (head(), 200, [], OK + b"content-length: 2\r\n\r\nok"),
        (head(), 200, [(b"A", b"b")], OK + b"a: b\r\ncontent-length: 2\r\n\r\nok"),
        (head(method=b"HEAD"), 200, [], OK + b"content-length: 2\r\n\r\n"),
        (head(version=b"1.0"), 200, [], OK + b"content-length: 2\r\nconnection: close\r\n\r\nok"),
        (
            head(),
            200,
            [(b"connection", b"close")],
            OK + b"content-length: 2\r\nconnection: close\r\n\r\nok",
        ),
        (
            head(),
            200,
            [(b"transfer-encoding", b"chunked")],
            OK + b"content-length: 2\r\n\r\nok",
        ),
        (
            head(),
            204,
            [],
            b"HTTP/1.1 204 No Content\r\ndate: now\r\ncontent-length: 2\r\n\r\n",
        ),
    ],
)
async def test_a_whole_answer_is_one_packet_and_framed_as_its_request_allows(
    asked: Head, status: int, headers: list[tuple[bytes, bytes]], written: bytes
) -> None:
    caller = Caller(asked)
    caller.end()
    await caller.direct.respond(status, headers, b"ok")
    assert caller.transport.written == written
    assert caller.direct.started
    assert caller.cycle.response_complete


async def test_an_answer_before_the_whole_body_is_the_last_of_its_connection() -> None:
    caller = Caller(head(b"Content-Length: 6\r\n"))
    await caller.direct.respond(200, [], b"")
    assert b"\r\nconnection: close\r\n" in caller.transport.written
    assert not caller.cycle.keep_alive


async def test_a_stream_is_a_head_and_chunks() -> None:
    caller = Caller()
    direct = caller.direct
    assert not direct.started
    await direct.start(200, [(b"a", b"b")])
    body = direct.pushing()
    assert body is not None
    await direct.write(b"one")
    assert body.push(b"two")
    await direct.finish()
    expected = b"a: b\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert caller.transport.written == OK + expected
    assert direct.pushing() is None


async def test_nothing_is_written_to_who_does_not_keep_up() -> None:
    caller = Caller()
    caller.flow.pause_writing()
    answering = asyncio.ensure_future(caller.direct.respond(200, [], b"ok"))
    await asyncio.sleep(0)
    assert caller.transport.written == b""
    caller.flow.resume_writing()
    await answering
    assert caller.transport.written.endswith(b"ok")


@pytest.mark.parametrize("value", [b"a\r\nb", b"a\0"])
async def test_a_header_that_could_end_a_line_sends_nothing(value: bytes) -> None:
    caller = Caller()
    for answering in (
        caller.direct.start(200, [(b"x-model", value)]),
        caller.direct.respond(200, [(b"x-model", value)], b""),
    ):
        with pytest.raises(UnsafeHeader):
            await answering
    assert (caller.transport.written, caller.direct.started) == (b"", False)


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
async def test_a_status_that_ends_nothing_is_refused(status: int) -> None:
    caller = Caller()
    for answering in (caller.direct.start(status, []), caller.direct.respond(status, [], b"")):
        with pytest.raises(ValueError, match=str(status)):
            await answering
    assert caller.transport.written == b""


async def test_after_an_abort_nothing_can_be_written() -> None:
    caller, told = Caller(), list[str]()
    caller.direct.on_leave(lambda: told.append("left"))
    await caller.direct.start(200, [])
    caller.direct.abort()
    written = caller.transport.written
    for saying in (caller.direct.write(b"two"), caller.direct.finish()):
        with pytest.raises(CallerLeft):
            await saying
    assert caller.transport.cut
    assert (caller.transport.written, told) == (written, [])


async def test_messages_are_the_way_where_the_server_is_another() -> None:
    async def never(*message: Message) -> Message:
        raise AssertionError("nothing is received or sent")

    async def said(message: Message) -> None:
        await never(message)

    ours = {"type": "http", "extensions": {"headgate": Caller().cycle}}
    assert isinstance(downstream_of(ours, never, said), Direct)
    for scope in ({"type": "http"}, {"type": "http", "extensions": {}}):
        assert isinstance(downstream_of(scope, never, said), Downstream)
