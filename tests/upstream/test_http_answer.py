import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from headgate.upstream.answer import AnswerBroken, TargetUnreachable
from headgate.upstream.connection import Connection
from headgate.upstream.http_answer import MOST_WAITING_BYTES, HttpAnswer

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"
OPEN = b"HTTP/1.1 200 OK\r\n\r\n"


class FakeConnection(Connection):
    """Notes what is done with it."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    @override
    def pause(self) -> None:
        self.notes.append("pause")

    @override
    def resume(self) -> None:
        self.notes.append("resume")

    @override
    def release(self, idle_s: float | None) -> None:
        self.notes.append("release")

    @override
    def abort(self) -> None:
        self.notes.append("abort")


def _fed(data: bytes, *sizes: int, method: str = "POST") -> tuple[HttpAnswer, list[str]]:
    connection = FakeConnection()
    answer = HttpAnswer(connection, method)
    for size in (*sizes, len(data) or 1):
        if data:
            answer.feed(data[:size])
            data = data[size:]
    return answer, connection.notes


def _chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


WHOLE = [
    (HEAD + _chunks(b"one", b"two") + b"0\r\n\r\n", b"onetwo", True),
    (HEAD + b"0\r\nx: y\r\n\r\n", b"", True),
    (SIZED + b"one", b"one", True),
    (b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + SIZED + b"one", b"one", True),
    (b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" + SIZED + b"one", b"one", True),
    (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\none", b"one", False),
    (SIZED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n") + b"one", b"one", False),
    (SIZED + b"onemore", b"one", False),
    (HEAD + b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", b"", False),
    (b"HTTP/1.1 204 No\r\n\r\nmore", b"", False),
]


@settings(max_examples=25)
@pytest.mark.parametrize(("data", "body", "again"), WHOLE)
@given(sizes=st.lists(st.integers(1, 20), max_size=60))
def test_where_an_answer_is_cut_does_not_matter(
    data: bytes, body: bytes, again: bool, sizes: list[int]
) -> None:
    for chosen in (sizes, [1] * len(data)):
        answer, notes = _fed(data, *chosen)
        assert answer.take() == body
        assert answer.ended
        assert not answer.broken
        answer.close()
        assert notes == ["release" if again else "abort"]


async def test_the_head_is_waited_for() -> None:
    answer, _ = _fed(b"")
    waiting = asyncio.ensure_future(answer.begin())
    await asyncio.sleep(0)
    answer.feed(SIZED[:20])
    await asyncio.sleep(0)
    assert not waiting.done()
    answer.feed(SIZED[20:])
    await waiting
    assert (answer.status, answer.headers) == (200, {"content-length": "3"})


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 17,
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
async def test_what_is_no_answer_ends_the_connection(data: bytes, size: int) -> None:
    answer, notes = _fed(data, *[size] * len(data))
    with pytest.raises(TargetUnreachable, match="did not answer in HTTP") as unreachable:
        await answer.begin()
    assert unreachable.value.sent == "headers"
    assert notes[0] == "abort"


@pytest.mark.parametrize(("data", "sent"), [(b"", "request"), (b"HT", "headers")])
async def test_how_far_a_lost_call_came_is_told(data: bytes, sent: str) -> None:
    answer, _ = _fed(data)
    answer.lost(clean=True)
    with pytest.raises(TargetUnreachable, match="lost before an answer") as unreachable:
        await answer.begin()
    assert unreachable.value.sent == sent


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("data", [HEAD + _chunks(b"one"), HEAD + b"5\r\none", SIZED + b"on"])
async def test_a_body_that_lost_its_end_is_broken_after_what_came(data: bytes, clean: bool) -> None:
    answer, notes = _fed(data)
    answer.lost(clean)
    assert await answer.read() in (b"one", b"on")
    for _ in range(2):
        with pytest.raises(AnswerBroken):
            await answer.read()
    answer.close()
    assert notes == ["abort"]


async def test_a_bad_chunk_breaks_the_body_after_what_came_before() -> None:
    answer, notes = _fed(HEAD + _chunks(b"one"))
    answer.feed(b"zz\r\n")
    assert await answer.read() == b"one"
    with pytest.raises(AnswerBroken, match="framing"):
        await answer.read()
    assert notes == ["abort"]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_what_came_before_a_bad_chunk_is_given_however_it_is_cut(size: int) -> None:
    data = HEAD + _chunks(b"one", b"two") + b"zz\r\n"
    answer, _ = _fed(data, *[size] * len(data))
    assert await answer.read() == b"onetwo"
    assert answer.broken


@pytest.mark.parametrize("clean", [True, False])
async def test_the_end_of_the_connection_ends_a_body_only_if_it_is_clean(clean: bool) -> None:
    answer, notes = _fed(OPEN + b"one")
    answer.lost(clean)
    assert await answer.read() == b"one"
    assert (answer.ended, answer.broken) == (clean, not clean)
    answer.close()
    assert notes == ["abort"]


async def test_read_gives_all_that_came_and_then_waits() -> None:
    answer, _ = _fed(HEAD + _chunks(b"one", b"two"))
    answer.feed(_chunks(b"three"))
    assert await answer.read() == b"onetwothree"
    waiting = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    assert not waiting.done()
    answer.feed(b"0\r\n\r\n")
    assert await waiting == b""


async def test_whoever_still_reads_when_an_answer_is_closed_is_told() -> None:
    answer, notes = _fed(HEAD)
    waiting = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    answer.close()
    with pytest.raises(AnswerBroken):
        await waiting
    assert notes == ["abort"]


async def test_a_cancelled_read_loses_nothing() -> None:
    answer, _ = _fed(HEAD)
    waiting = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    answer.feed(_chunks(b"one"))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await answer.read() == b"one"


async def test_read_switches_no_task_where_bytes_are_there() -> None:
    answer, _ = _fed(HEAD + _chunks(b"one"))
    reading = answer.read()
    with pytest.raises(StopIteration) as done:
        reading.send(None)
    assert done.value.value == b"one"


def test_what_is_not_read_stops_the_backend_until_it_is() -> None:
    answer, notes = _fed(HEAD)
    fed = 0
    while not notes:
        answer.feed(_chunks(b"x" * 1000))
        fed += 1000
    assert notes == ["pause"]
    assert MOST_WAITING_BYTES * 0.9 < fed <= MOST_WAITING_BYTES
    assert len(answer.take()) == fed
    assert notes == ["pause", "resume"]


def test_many_small_pieces_count_for_what_they_cost() -> None:
    answer, notes = _fed(HEAD)
    for _ in range(MOST_WAITING_BYTES // 60):
        answer.feed(_chunks(b"x"))
    assert notes == ["pause"]


def test_bytes_are_pushed_as_they_arrive() -> None:
    answer, _ = _fed(HEAD)
    told: list[tuple[bytes, bool, bool]] = []
    answer.on_data(lambda data: told.append((data, answer.ended, answer.broken)))
    answer.feed(_chunks(b"one"))
    answer.feed(_chunks(b"two") + b"0\r\n\r\n")
    assert told == [(b"one", False, False), (b"two", True, False), (b"", True, False)]
    assert answer.take() == b""


def test_whoever_takes_what_is_pushed_never_stops_the_backend() -> None:
    answer, notes = _fed(HEAD)
    told: list[int] = []
    answer.on_data(lambda data: told.append(len(data)))
    answer.feed(_chunks(b"x" * 2 * MOST_WAITING_BYTES))
    assert (told, notes) == ([2 * MOST_WAITING_BYTES], [])


@pytest.mark.parametrize("how", ["lost", "nonsense"])
def test_a_failure_is_pushed_too(how: str) -> None:
    answer, _ = _fed(HEAD)
    told: list[bool] = []
    answer.on_data(lambda data: told.append(answer.broken))
    if how == "lost":
        answer.lost(clean=True)
    else:
        answer.feed(b"nonsense\r\n")
    assert told == [True]


def test_what_came_before_nonsense_is_pushed_before_the_failure() -> None:
    answer, _ = _fed(HEAD)
    told: list[tuple[bytes, bool]] = []
    answer.on_data(lambda data: told.append((data, answer.broken)))
    answer.feed(_chunks(b"one") + b"zz\r\n")
    assert told == [(b"one", True), (b"", True)]


@pytest.mark.parametrize("quiet", ["close", "on_data"])
def test_nobody_is_told_after_close_or_after_asking_for_quiet(quiet: str) -> None:
    answer, _ = _fed(HEAD)
    told: list[bool] = []
    answer.on_data(lambda data: told.append(True))
    if quiet == "close":
        answer.close()
    else:
        answer.on_data(None)
    answer.feed(_chunks(b"one"))
    assert not told


def test_who_is_told_may_close() -> None:
    answer, notes = _fed(HEAD)
    answer.on_data(lambda data: answer.close())
    answer.feed(_chunks(b"one"))
    assert notes == ["abort"]


def test_a_slow_caller_stops_the_backend() -> None:
    answer, notes = _fed(HEAD)
    answer.pause()
    answer.feed(_chunks(b"x" * MOST_WAITING_BYTES))
    answer.take()
    assert set(notes) == {"pause"}
    answer.resume()
    assert notes[-1] == "resume"
    assert answer.pushing() is answer


def test_a_connection_is_given_back_reading() -> None:
    answer, notes = _fed(SIZED)
    answer.pause()
    answer.feed(b"one")
    answer.close()
    answer.close()
    assert notes == ["pause", "resume", "release"]


def test_bytes_after_the_end_that_come_late_spoil_the_connection_too() -> None:
    answer, notes = _fed(SIZED + b"one")
    answer.feed(b"HTTP/1.1 200 OK\r\n\r\n")
    answer.close()
    assert notes == ["abort"]


def test_a_connection_that_ended_with_the_answer_is_not_kept() -> None:
    answer, notes = _fed(SIZED + b"one")
    answer.lost(clean=True)
    answer.close()
    assert notes == ["abort"]


def test_while_the_request_is_not_all_sent_no_other_may_follow() -> None:
    stopped: list[bool] = []
    answer, notes = _fed(SIZED + b"one")
    answer.stop_sending = lambda: stopped.append(True)
    answer.close()
    assert (stopped, notes) == ([True], ["abort"])
