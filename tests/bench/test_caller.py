"""A caller of its own: what it hears of an answer, and what it says of a bad one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from headgate.bench.caller import BenchFailed, Heard, connected, request_of

OK = b"HTTP/1.1 200 OK\r\n"
STREAM = OK + b"transfer-encoding: chunked\r\n\r\n"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """The address of a server that gives these answers, one a request, then leaves."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"{}")
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def heard(*answers: bytes) -> list[Heard]:
    async with answering(*answers) as url, connected(url) as caller:
        return [await caller.ask(request_of(url, "/", {})) for _ in answers]


async def test_a_json_answer_has_no_events_and_an_end() -> None:
    (answer,) = await heard(OK + b"Content-Length: 2\r\n\r\n{}")
    assert answer.events_s == ()
    assert answer.whole_s > 0


async def test_each_event_of_a_stream_has_its_moment() -> None:
    (answer,) = await heard(
        STREAM + b"9\r\ndata: a\n\n\r\n12\r\ndata: b\n\ndata: c\n\n\r\n0\r\n\r\n"
    )
    assert len(answer.events_s) == 3
    assert 0 < answer.events_s[0] <= answer.events_s[1] == answer.events_s[2] <= answer.whole_s


async def test_a_connection_is_used_again() -> None:
    first, second = await heard(STREAM + b"0\r\n\r\n", OK + b"content-length: 0\r\n\r\n")
    assert first.events_s == second.events_s == ()


@pytest.mark.parametrize(
    "answer",
    [b"", OK, OK + b"content-length: 5\r\n\r\nab", STREAM + b"9\r\ndata", STREAM],
    ids=["nothing", "half a head", "half a body", "half a chunk", "no end"],
)
async def test_an_answer_that_breaks_off_is_one_sentence(answer: bytes) -> None:
    with pytest.raises(BenchFailed, match=r"^an answer broke off$"):
        await heard(answer)


@pytest.mark.parametrize("answer", [b"SSH-2.0-server\r\n\r\n", STREAM + b"zz\r\n"])
async def test_what_is_no_http_is_one_sentence(answer: bytes) -> None:
    with pytest.raises(BenchFailed, match=r"^an answer is no HTTP$"):
        await heard(answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy",
        b"HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n",
    ],
)
async def test_a_refusal_is_told_with_its_words(answer: bytes) -> None:
    with pytest.raises(BenchFailed, match=r"^an answer has status 503: busy$"):
        await heard(answer)


async def test_nobody_listening_is_one_sentence() -> None:
    async with answering() as url:
        pass
    with pytest.raises(BenchFailed, match=f"^cannot connect to {url}: "):
        async with connected(url):
            pass


def test_a_request_is_http_with_the_key_and_the_body() -> None:
    head, _, body = request_of("http://h:1", "/v1/x", {"a": 1}, "k").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/x HTTP/1.1\r\nhost: h:1\r\n")
    assert b"authorization: Bearer k" in head
    assert b"content-length: 7" in head
    assert msgspec.json.decode(body) == {"a": 1}


def test_without_a_key_there_is_no_credential() -> None:
    assert b"authorization" not in request_of("http://h:1", "/", {})
