"""The caller's side over plain ASGI, without our server beneath, and what both share."""

import asyncio
import gzip

import pytest

from headgate.model.fault import Refused
from headgate.ports import CallerLeft
from headgate.server.downstream import Downstream
from headgate.server.header_text import UnsafeHeader
from headgate.server.interface import Headers, Message

LEFT: Message = {"type": "http.disconnect"}


def piece(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


class Caller:
    """The other side: messages to receive, and what was sent."""

    def __init__(self, *messages: Message, headers: Headers | None = None) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        for message in messages:
            self.incoming.put_nowait(message)
        self.sent: list[Message] = []
        self.scope: Message = {"type": "http", "headers": headers or []}
        self.downstream = Downstream(self.scope, self.incoming.get, self._take)

    async def _take(self, message: Message) -> None:
        self.sent.append(message)


async def test_the_body_is_its_pieces() -> None:
    caller = Caller(piece(b"one", True), piece(b"", True), piece(b"two"))
    assert await caller.downstream.read_body(6) == b"onetwo"


async def test_the_body_can_be_taken_piece_by_piece() -> None:
    caller = Caller(piece(b"one", True), piece(b"", True), piece(b"two", True), piece(b""))
    taken = [await caller.downstream.read_piece() for _ in range(4)]
    assert taken == [b"one", b"two", b"", b""]


async def test_who_leaves_between_pieces_is_gone() -> None:
    caller = Caller(piece(b"one", True), LEFT)
    left: list[bool] = []
    caller.downstream.on_leave(lambda: left.append(True))
    assert await caller.downstream.read_piece() == b"one"
    with pytest.raises(CallerLeft):
        await caller.downstream.read_piece()
    assert left == [True]


@pytest.mark.parametrize("length", [b"7", b"9" * 30])
async def test_a_body_that_says_it_is_too_large_is_not_read(length: bytes) -> None:
    caller = Caller(headers=[(b"content-length", length)])
    with pytest.raises(Refused) as caught:
        await caller.downstream.read_body(6)
    assert caught.value.fault.kind == "request_too_large"


async def test_a_body_that_turns_out_too_large_is_refused_while_it_comes() -> None:
    caller = Caller(piece(b"onet", True), piece(b"two", True))
    with pytest.raises(Refused) as caught:
        await caller.downstream.read_body(6)
    assert caught.value.fault.http_status == 413


async def test_a_compressed_body_is_bounded_before_and_after() -> None:
    data = gzip.compress(b"x" * 100)
    headers = [(b"content-encoding", b"gzip")]
    caller = Caller(piece(data[:9], True), piece(data[9:]), headers=headers)
    assert await caller.downstream.read_body(100) == b"x" * 100
    with pytest.raises(Refused) as caught:
        await Caller(piece(data), headers=headers).downstream.read_body(99)
    assert caught.value.fault.http_status == 413


async def test_codings_on_top_of_each_other_are_refused() -> None:
    headers = [(b"content-encoding", b"gzip"), (b"content-encoding", b"gzip")]
    with pytest.raises(Refused) as caught:
        await Caller(headers=headers).downstream.read_body(99)
    assert caught.value.fault.kind == "unsupported_media_type"


async def test_an_empty_body_may_claim_a_coding() -> None:
    caller = Caller(piece(b""), headers=[(b"content-encoding", b"gzip")])
    assert await caller.downstream.read_body(9) == b""


async def test_who_leaves_while_the_body_is_read_is_gone() -> None:
    caller = Caller(piece(b"one", True), LEFT)
    with pytest.raises(CallerLeft):
        await caller.downstream.read_body(99)
    assert caller.downstream.left


async def test_a_stream_is_a_start_pieces_and_an_end() -> None:
    caller = Caller()
    downstream = caller.downstream
    assert not downstream.started
    await downstream.start(200, [(b"a", b"b")])
    assert downstream.started
    await downstream.write(b"one")
    await downstream.finish()
    assert [message.get("body") for message in caller.sent] == [None, b"one", b""]
    assert [message.get("more_body") for message in caller.sent] == [None, True, False]


async def test_a_whole_answer_says_its_length() -> None:
    caller = Caller()
    await caller.downstream.respond(404, [(b"a", b"b")], b"four")
    assert caller.sent[0]["status"] == 404
    assert caller.sent[0]["headers"] == [(b"a", b"b"), (b"content-length", b"4")]
    assert caller.sent[1]["body"] == b"four"


@pytest.mark.parametrize("value", [b"a\r\nb", b"a\0"])
async def test_a_header_that_could_end_a_line_sends_nothing(value: bytes) -> None:
    caller = Caller()
    with pytest.raises(UnsafeHeader):
        await caller.downstream.start(200, [(b"x-model", value)])
    assert caller.sent == []
    assert not caller.downstream.started


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
async def test_a_status_that_ends_nothing_is_refused(status: int) -> None:
    caller = Caller()
    with pytest.raises(ValueError, match=str(status)):
        await caller.downstream.start(status, [])
    assert caller.sent == []


async def test_without_our_server_a_watcher_notices_who_leaves() -> None:
    caller, told = Caller(piece(b"one")), asyncio.Event()
    downstream = caller.downstream
    downstream.on_leave(told.set)
    await downstream.read_body(9)
    await downstream.start(200, [])
    caller.incoming.put_nowait(LEFT)
    await told.wait()
    assert downstream.left
    with pytest.raises(CallerLeft):
        await downstream.write(b"two")
    with pytest.raises(CallerLeft):
        await downstream.finish()
    downstream.close()


async def test_a_callback_after_leaving_is_called_at_once() -> None:
    caller, told = Caller(LEFT), list[str]()
    with pytest.raises(CallerLeft):
        await caller.downstream.read_body(9)
    caller.downstream.on_leave(lambda: told.append("left"))
    assert told == ["left"]


async def test_who_leaves_after_the_end_is_not_told() -> None:
    caller, told = Caller(piece(b"one")), list[str]()
    downstream = caller.downstream
    await downstream.read_body(9)
    downstream.on_leave(lambda: told.append("left"))
    await downstream.respond(200, [], b"ok")
    caller.incoming.put_nowait(LEFT)
    for _ in range(5):
        await asyncio.sleep(0)
    assert told == []
    assert not downstream.left


async def test_after_an_abort_nothing_can_be_written() -> None:
    caller, told = Caller(piece(b"one")), list[str]()
    downstream = caller.downstream
    downstream.on_leave(lambda: told.append("left"))
    await downstream.read_body(9)
    await downstream.start(200, [])
    downstream.abort()
    with pytest.raises(CallerLeft):
        await downstream.write(b"two")
    assert told == []
    assert len(caller.sent) == 1


async def test_closing_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    caller = Caller(piece(b"one"))
    caller.downstream.on_leave(lambda: None)
    await caller.downstream.read_body(9)
    assert asyncio.all_tasks() != before
    caller.downstream.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
