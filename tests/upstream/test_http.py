import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from headgate.upstream.answer import Answer, AnswerBroken, Call, TargetUnreachable
from headgate.upstream.http import HttpUpstream

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@contextlib.asynccontextmanager
async def _calling(serve: Serve) -> AsyncIterator[tuple[HttpUpstream, Call]]:
    """A pool, and a call to a server that does what `serve` does with each connection."""

    tasks: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.ensure_future(connected(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = HttpUpstream()
    call = Call(
        method="POST",
        url=f"http://127.0.0.1:{port}/v1/x?beta=true",
        headers=(("x-a", "b"), ("accept-encoding", "identity")),
        body=b"hello",
        connect_timeout_s=5,
    )
    try:
        yield upstream, call
    finally:
        await upstream.aclose()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(5)


def _answering(data: bytes, requests: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _request(reader)
        if requests is not None:
            requests.append(request)
        writer.write(data)
        await writer.drain()

    return serve


async def _rest(answer: Answer) -> bytes:
    out = b""
    while data := await answer.read():
        out += data
    return out


async def _whole(upstream: HttpUpstream, call: Call) -> bytes:
    answer = await upstream.send(call)
    try:
        return await _rest(answer)
    finally:
        answer.close()


async def test_a_call_goes_out_as_it_was_written_and_nothing_is_added() -> None:
    requests: list[bytes] = []
    reply = HEAD + b"content-length: 2\r\nX-B: c\r\n\r\nok"
    async with _calling(_answering(reply, requests)) as (upstream, call):
        answer = await upstream.send(call)
        assert (answer.status, answer.headers["x-b"]) == (200, "c")
        assert await _rest(answer) == b"ok"
        answer.close()
    head = requests[0].lower()
    assert head.startswith(b"post /v1/x?beta=true http/1.1\r\n")
    assert head.endswith(b"\r\n\r\nhello")
    names = {line.partition(b":")[0] for line in head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    assert names <= {b"host", b"x-a", b"accept-encoding", b"content-length"}


async def test_bytes_come_as_they_arrive() -> None:
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(CHUNKED + b"3\r\none\r\n")
        await go_on.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with _calling(serve) as (upstream, call):
        answer = await upstream.send(call)
        assert await answer.read() == b"one"
        go_on.set()
        assert await _rest(answer) == b"two"
        answer.close()


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"3\r\none\r\n",
        CHUNKED + b"5\r\none",
        CHUNKED + b"3\r\none\r\nzz\r\n",
        HEAD + b"content-length: 10\r\n\r\none",
    ],
)
async def test_a_body_that_ends_against_its_framing_is_broken(data: bytes) -> None:
    async with _calling(_answering(data)) as (upstream, call):
        with pytest.raises((AnswerBroken, TargetUnreachable)):
            await _whole(upstream, call)


async def test_a_refused_connection_was_sent_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    upstream = HttpUpstream()
    with pytest.raises(TargetUnreachable) as unreachable:
        await upstream.send(Call(method="POST", url=f"http://127.0.0.1:{port}/", headers=()))
    assert unreachable.value.sent == "nothing"
    assert str(port) not in str(unreachable.value)
    await upstream.aclose()


async def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    upstream = HttpUpstream()
    with pytest.raises(TargetUnreachable, match="resolve"):
        await upstream.send(Call(method="POST", url="http://no-such-host.invalid/", headers=()))
    await upstream.aclose()


async def test_a_server_that_closes_without_an_answer_was_sent_the_request() -> None:
    async with _calling(_answering(b"")) as (upstream, call):
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call)
    assert unreachable.value.sent == "request"


async def test_what_is_not_http_is_unreachable() -> None:
    async with _calling(_answering(b"SSH-2.0-OpenSSH\r\n\r\n")) as (upstream, call):
        with pytest.raises(TargetUnreachable):
            await upstream.send(call)


async def test_tls_to_a_server_that_speaks_none_is_unreachable() -> None:
    async with _calling(_answering(b"no tls here")) as (upstream, call):
        https = Call(method="POST", url=call.url.replace("http:", "https:"), headers=())
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(https)
    assert unreachable.value.sent == "nothing"


async def test_redirects_are_not_followed() -> None:
    requests: list[bytes] = []
    reply = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with _calling(_answering(reply, requests)) as (upstream, call):
        answer = await upstream.send(call)
        assert answer.status == 302
        answer.close()
    assert len(requests) == 1


async def test_a_body_read_to_its_end_gives_the_connection_back() -> None:
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        for _ in range(2):
            await _request(reader)
            writer.write(HEAD + b"content-length: 2\r\n\r\nok")
            await writer.drain()

    async with _calling(serve) as (upstream, call):
        for _ in range(2):
            answer = await upstream.send(call)
            assert await _rest(answer) == b"ok"
            answer.close()
    assert len(connections) == 1


async def test_a_body_that_was_left_closes_the_connection_at_once() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(CHUNKED + b"3\r\none\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        closed.set()

    async with _calling(serve) as (upstream, call):
        answer = await upstream.send(call)
        assert await answer.read() == b"one"
        answer.close()
        async with asyncio.timeout(5):
            await closed.wait()


async def test_a_cancelled_call_closes_its_connection() -> None:
    arrived, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        arrived.set()
        await reader.read()
        closed.set()

    async with _calling(serve) as (upstream, call):
        sending = asyncio.ensure_future(upstream.send(call))
        await arrived.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        async with asyncio.timeout(5):
            await closed.wait()


async def test_who_does_not_read_stops_the_backend() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await _request(reader)
        writer.write(CHUNKED)
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            async with asyncio.timeout(0.5):
                await writer.drain()
            sent += 65536

    async with _calling(_until_stalled(serve)) as (upstream, call):
        answer = await upstream.send(call)
        await answer.read()
        await asyncio.sleep(1)
        answer.close()
    assert sent < 32 * 1024 * 1024


def _until_stalled(serve: Serve) -> Serve:
    async def serve_until(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError):
            await serve(reader, writer)

    return serve_until


async def test_a_kept_connection_that_was_closed_meanwhile_is_not_the_backends_failure() -> None:
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await _request(reader)
        writer.write(HEAD + b"content-length: 2\r\n\r\nok")
        await writer.drain()
        await reader.readexactly(1)

    async with _calling(serve) as (upstream, call):
        for _ in range(2):
            assert await _whole(upstream, call) == b"ok"
    assert len(connections) == 2


async def test_the_environments_proxy_is_used_but_for_hosts_that_it_excepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[bytes] = []
    reply = HEAD + b"content-length: 2\r\n\r\nok"
    async with _calling(_answering(reply, requests)) as (_, call):
        monkeypatch.setenv("http_proxy", call.url.removesuffix("/v1/x?beta=true"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        proxied = HttpUpstream()
        far = Call(method="POST", url="http://far.invalid/v1/y", headers=(), body=b"hello")
        assert await _whole(proxied, far) == b"ok"
        assert await _whole(proxied, call) == b"ok"
        await proxied.aclose()
    assert requests[0].startswith(b"POST http://far.invalid/v1/y HTTP/1.1")
    assert requests[1].startswith(b"POST /v1/x?beta=true HTTP/1.1")


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166"])
async def test_metadata_services_are_never_called(host: str) -> None:
    upstream = HttpUpstream()
    call = Call(method="GET", url=f"http://{host}/latest/meta-data", headers=())
    with pytest.raises(TargetUnreachable) as unreachable:
        await upstream.send(call)
    assert unreachable.value.sent == "nothing"
    await upstream.aclose()


async def test_a_name_that_leads_to_a_metadata_service_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    upstream = HttpUpstream()
    call = Call(method="GET", url="http://innocent.test/", headers=())
    with pytest.raises(TargetUnreachable, match="metadata services"):
        await upstream.send(call)
    await upstream.aclose()


async def test_a_proxy_is_not_asked_for_a_metadata_service_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[bytes] = []
    async with _calling(_answering(HEAD, requests)) as (_, call):
        monkeypatch.setenv("http_proxy", call.url.removesuffix("/v1/x?beta=true"))
        upstream = HttpUpstream()
        with pytest.raises(TargetUnreachable, match="metadata services"):
            await upstream.send(Call(method="GET", url="http://169.254.169.254/", headers=()))
        await upstream.aclose()
    assert not requests
