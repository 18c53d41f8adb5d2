import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.upstream.answer import AnswerBroken
from headgate.upstream.connection import Connection
from headgate.upstream.http_answer import HttpAnswer
from headgate.upstream.inflate import inflated
from headgate.upstream.pool import Pool


class FakeAnswer:
    """An answer whose pieces are known beforehand."""

    def __init__(self, pieces: list[bytes], encoding: str = "") -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-encoding": encoding} if encoding else {}
        self._pieces = list(pieces)
        self.closed = False

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self.closed = True

    def pushing(self) -> None:
        """There is only `read`."""


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


async def _all(pieces: list[bytes], encoding: str = "") -> bytes:
    answer = inflated(FakeAnswer(pieces, encoding))
    out = b""
    while data := await answer.read():
        out += data
    return out


TEXT = b"data: {}\n\n" * 500


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", ""])
async def test_what_was_packed_comes_back_wherever_it_is_cut(encoding: str, size: int) -> None:
    packed = zlib.compress(TEXT) if encoding == "deflate" else gzip.compress(TEXT)
    if not encoding and size == 1:
        pytest.skip("two bytes are needed to tell gzip that is not labelled")
    assert await _all(_cut(packed, size), encoding) == TEXT


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("encoding", ["gzip", ""])
async def test_gzip_in_several_members_is_one_body(encoding: str, size: int) -> None:
    if not encoding and size == 1:
        pytest.skip("two bytes are needed to tell gzip that is not labelled")
    packed = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"the end")
    assert await _all(_cut(packed, size), encoding) == TEXT + b"the end"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_behind_the_end_is_neither_read_nor_kept(encoding: str) -> None:
    packed = zlib.compress(TEXT) if encoding == "deflate" else gzip.compress(TEXT)
    surplus = [b"\0" * 4096] * 1000
    answer = inflated(FakeAnswer([packed + b"\0", *surplus], encoding))
    tracemalloc.start()
    try:
        assert await answer.read() == TEXT
        begun, _ = tracemalloc.get_traced_memory()
        assert await answer.read() == b""
        assert tracemalloc.get_traced_memory()[1] - begun < 1_000_000
    finally:
        tracemalloc.stop()


async def test_a_second_member_that_ends_in_the_middle_is_broken() -> None:
    with pytest.raises(AnswerBroken, match="middle"):
        await _all([gzip.compress(TEXT) + gzip.compress(b"the end")[:-1]], "gzip")


@given(st.lists(st.binary(min_size=1), max_size=5))
async def test_plain_bytes_pass_as_they_are(pieces: list[bytes]) -> None:
    if pieces and pieces[0].startswith(b"\x1f\x8b"):
        return
    assert await _all(pieces) == b"".join(pieces)


async def test_an_event_is_readable_before_the_stream_ends() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: 1\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    answer = inflated(FakeAnswer([first], "gzip"))
    assert await answer.read() == b"data: 1\n\n"


async def test_a_packed_answer_that_ends_in_the_middle_is_broken() -> None:
    with pytest.raises(AnswerBroken):
        await _all([gzip.compress(TEXT)[:-20]], "gzip")


async def test_bytes_that_are_not_packed_although_they_say_so_are_broken() -> None:
    with pytest.raises(AnswerBroken):
        await _all([b"data: 1\n\n"], "gzip")


async def test_a_bomb_is_broken_before_it_fills_the_memory() -> None:
    bomb = gzip.compress(b"\0" * (24 * 1024 * 1024))
    with pytest.raises(AnswerBroken, match="proportion"):
        await _all([bomb], "gzip")


def test_an_encoding_nobody_knows_is_broken() -> None:
    with pytest.raises(AnswerBroken, match="br"):
        inflated(FakeAnswer([], "br"))


def test_the_label_does_not_stay_on_what_was_unpacked() -> None:
    assert "content-encoding" not in inflated(FakeAnswer([], "gzip")).headers


async def test_the_length_of_what_was_packed_does_not_stay_either() -> None:
    for encoding in ("gzip", ""):
        fake = FakeAnswer([gzip.compress(b"Hello")], encoding)
        fake.headers = {**fake.headers, "content-length": "25"}
        answer = inflated(fake)
        assert await answer.read() == b"Hello"
        assert "content-length" not in answer.headers


def test_closing_reaches_the_answer_beneath() -> None:
    for encoding in ("", "gzip"):
        fake = FakeAnswer([], encoding)
        inflated(fake).close()
        assert fake.closed


async def test_bytes_are_pushed_only_where_they_are_not_unpacked() -> None:
    plain, packed, unlabelled = _Pushing(b"Hello"), _Pushing(b"Hello"), _Pushing(b"\x1f\x8b")
    packed.headers = {"content-encoding": "gzip"}
    for inner, pushes in ((plain, True), (packed, False), (unlabelled, False)):
        answer = inflated(inner)
        assert answer.pushing() is None  # nobody knows yet
        with contextlib.suppress(AnswerBroken):
            await answer.read()
        assert (answer.pushing() is inner) is pushes


class _Pushing(HttpAnswer):
    """An answer that has come whole."""

    def __init__(self, body: bytes) -> None:
        super().__init__(Connection(Pool(1.0, 1), ("http", "a.test", 80, "")), "GET")
        self.feed(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
