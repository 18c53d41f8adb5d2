import asyncio
from collections.abc import AsyncIterator

import pytest

from headgate.upstream.answer import AnswerBroken, TargetUnreachable
from headgate.upstream.upload import LengthMissed
from tests.upstream.peers import CHUNKED, OK, Serve, call_to, listening, pool, rest, whole


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Gone(Exception):  # noqa: N818 - named for the fact
    """Whoever gave the body left."""


async def _leaving(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    raise Gone


class Held:
    """A body that never goes on after its first piece; notes that it was left."""

    def __init__(self, first: bytes) -> None:
        self.left = asyncio.Event()
        self._first = first

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            yield self._first
            await asyncio.Event().wait()
        finally:
            self.left.set()


def _hearing(until: bytes, heard: list[bytes], answer: bytes = OK) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(until))
        writer.write(answer)
        await reader.read()

    return serve


async def test_a_body_of_known_length_is_sent_as_it_is() -> None:
    heard: list[bytes] = []
    async with listening(_hearing(b"end", heard)) as peer, pool() as upstream:
        call = call_to(peer.port, body=_pieces(b"one", b"", b"end"), length=6)
        assert await whole(upstream, call) == b"ok"
    assert b"\r\ncontent-length: 6\r\n" in heard[0]
    assert heard[0].endswith(b"\r\n\r\noneend")


async def test_a_body_of_unknown_length_is_sent_in_chunks() -> None:
    heard: list[bytes] = []
    async with listening(_hearing(b"0\r\n\r\n", heard)) as peer, pool() as upstream:
        call = call_to(peer.port, body=_pieces(b"one", b"", b"x" * 17))
        assert await whole(upstream, call) == b"ok"
    assert heard[0].endswith(b"\r\n\r\n3\r\none\r\n11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n")


async def test_after_a_whole_upload_the_connection_is_used_again() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heard.append(await reader.readuntil(b"end"))
            writer.write(OK)

    async with listening(serve) as peer, pool() as upstream:
        first = call_to(peer.port, body=_pieces(b"end"), length=3)
        assert await whole(upstream, first) == b"ok"
        assert await whole(upstream, call_to(peer.port, body=b"end")) == b"ok"
        assert peer.made == 1


async def test_a_body_that_cannot_be_sent_twice_goes_out_on_a_new_connection() -> None:
    heard: list[bytes] = []
    async with listening(_hearing(b"end", heard)) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port, body=b"end")) == b"ok"
        call = call_to(peer.port, body=_pieces(b"end"), length=3)
        assert await whole(upstream, call) == b"ok"
        assert peer.made == 2


async def test_an_early_refusal_ends_the_upload() -> None:
    body = Held(b"first")
    early = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"
    async with listening(_hearing(b"first", [], early)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port, body=body.pieces(), length=99))
        assert answer.status == 413
        assert body.left.is_set()
        assert await rest(answer) == b"big"
        answer.close()
        await peer.until_gone(1)
        assert peer.made == 1


async def test_beside_an_early_answer_of_success_the_upload_goes_on() -> None:
    go = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"one"
        await go.wait()
        yield b"two"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"one")
        writer.write(CHUNKED + b"3\r\none\r\n")
        await reader.readuntil(b"two")
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port, body=slow(), length=6))
        assert await answer.read() == b"one"
        go.set()
        assert await rest(answer) == b"two"
        answer.close()


async def test_closing_an_early_answer_ends_the_upload() -> None:
    body = Held(b"first")
    async with listening(_hearing(b"first", [], CHUNKED)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port, body=body.pieces()))
        answer.close()
        async with asyncio.timeout(5):
            await body.left.wait()
        await peer.until_gone(1)


async def test_a_cancelled_call_ends_the_upload_and_its_connection() -> None:
    body = Held(b"first")
    heard = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        heard.set()
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        sending = asyncio.ensure_future(upstream.send(call_to(peer.port, body=body.pieces())))
        await heard.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert body.left.is_set()
        await peer.until_gone(1)


async def test_a_body_that_fails_fails_the_call_and_is_never_taken_for_whole() -> None:
    heard = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard = await reader.read(65536)
        heard += await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        with pytest.raises(Gone):
            await upstream.send(call_to(peer.port, body=_leaving(b"one")))
        await peer.until_gone(1)
    assert not heard.endswith(b"0\r\n\r\n")


async def test_a_body_that_fails_beside_its_answer_breaks_the_answer() -> None:
    go = asyncio.Event()

    async def leaving() -> AsyncIterator[bytes]:
        yield b"first"
        await go.wait()
        raise Gone

    async with listening(_hearing(b"first", [], CHUNKED)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port, body=leaving()))
        go.set()
        with pytest.raises(AnswerBroken):
            await answer.read()
        answer.close()


@pytest.mark.parametrize("length", [2, 4])
async def test_a_body_that_is_not_as_long_as_announced_is_an_error(length: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        with pytest.raises(LengthMissed):
            await upstream.send(call_to(peer.port, body=_pieces(b"one"), length=length))
        await peer.until_gone(1)


async def test_a_backend_that_leaves_during_the_upload_is_unreachable() -> None:
    body = Held(b"first")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")

    async with listening(serve) as peer, pool() as upstream:
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call_to(peer.port, body=body.pieces()))
        assert unreachable.value.sent == "request"
        assert body.left.is_set()


async def test_a_slow_backend_slows_the_body_down() -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 65536
            yield b"x" * 65536

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.Event().wait()

    async with listening(serve) as peer, pool() as upstream:
        sending = asyncio.ensure_future(upstream.send(call_to(peer.port, body=endless())))
        before = -1
        while given != before:
            before = given
            await asyncio.sleep(0.2)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert 0 < given < 32 * 1024 * 1024
