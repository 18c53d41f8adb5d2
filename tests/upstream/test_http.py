import asyncio
import os

import pytest

from headgate.upstream import http
from headgate.upstream.answer import AnswerBroken, TargetUnreachable
from headgate.upstream.http import HttpUpstream
from tests.faults.raw_backend import closed_port
from tests.upstream.peers import (
    CHUNKED,
    HEAD,
    OK,
    answering,
    call_to,
    listening,
    pool,
    request,
    rest,
    whole,
)


async def test_a_call_goes_out_as_it_was_written_and_nothing_is_added() -> None:
    requests: list[bytes] = []
    reply = HEAD + b"content-length: 2\r\nX-B: c\r\n\r\nok"
    async with listening(answering(reply, requests)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        assert (answer.status, answer.headers["x-b"]) == (200, "c")
        assert await rest(answer) == b"ok"
        answer.close()
    assert requests == [
        b"POST /v1/x?beta=true HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nx-a: b\r\n"
        b"accept-encoding: identity\r\ncontent-length: 5\r\n\r\nhello" % peer.port
    ]


async def test_bytes_come_as_they_arrive() -> None:
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(CHUNKED + b"3\r\none\r\n")
        await go_on.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        assert await answer.read() == b"one"
        go_on.set()
        assert await rest(answer) == b"two"
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
    async with listening(answering(data)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        assert await answer.read() == b"one"
        with pytest.raises(AnswerBroken):
            await answer.read()
        answer.close()


async def test_a_body_may_end_with_the_connection() -> None:
    async with listening(answering(HEAD + b"\r\nall of it")) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"all of it"
        assert await whole(upstream, call_to(peer.port)) == b"all of it"
        assert peer.made == 2


async def test_a_refused_connection_was_sent_nothing() -> None:
    with closed_port() as url:
        async with pool() as upstream:
            with pytest.raises(TargetUnreachable, match="refused") as unreachable:
                await upstream.send(call_to(1, url=url))
    assert unreachable.value.sent == "nothing"
    assert url.rpartition(":")[2] not in str(unreachable.value)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"url": "http://no-such-host.invalid/"}, "resolve"),
        ({"url": "nowhere"}, "not a URL"),
        ({"headers": (("x", "a\r\nb: c"),)}, "not legal"),
    ],
)
async def test_a_call_that_cannot_be_made_was_sent_nothing(
    changed: dict[str, object], why: str
) -> None:
    async with pool() as upstream:
        with pytest.raises(TargetUnreachable, match=why) as unreachable:
            await upstream.send(call_to(1, **changed))
    assert unreachable.value.sent == "nothing"


async def test_a_server_that_closes_without_an_answer_was_sent_the_request() -> None:
    async with listening(answering(b"")) as peer, pool() as upstream:
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call_to(peer.port))
        assert unreachable.value.sent == "request"
        assert peer.made == 1


async def test_what_is_not_http_is_unreachable() -> None:
    reply = b"SSH-2.0-OpenSSH\r\n\r\n"
    async with listening(answering(reply)) as peer, pool() as upstream:
        with pytest.raises(TargetUnreachable, match="not answer in HTTP"):
            await upstream.send(call_to(peer.port))


async def test_redirects_are_not_followed() -> None:
    requests: list[bytes] = []
    reply = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with listening(answering(reply, requests)) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        assert answer.status == 302
        answer.close()
    assert len(requests) == 1


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_an_answer_to_head_has_no_body(method: str) -> None:
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + (b"ok" if method == "GET" else b"")
    async with listening(answering(reply, times=2)) as peer, pool() as upstream:
        call = call_to(peer.port, method=method, body=b"")
        for _ in range(2):
            assert await whole(upstream, call) == (b"ok" if method == "GET" else b"")
        assert peer.made == 1


# Connections that are kept


@pytest.mark.parametrize("reply", [OK, CHUNKED + b"2\r\nok\r\n0\r\n\r\n"])
async def test_a_body_read_to_its_end_gives_the_connection_back(reply: bytes) -> None:
    async with listening(answering(reply, times=3)) as peer, pool() as upstream:
        for _ in range(3):
            assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 1


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nok",
        OK.replace(b"1.1", b"1.0"),
        OK + b"surplus",
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n\r\n",
    ],
)
async def test_a_connection_that_is_spent_is_not_used_again(reply: bytes) -> None:
    async with listening(answering(reply, times=2)) as peer, pool() as upstream:
        for _ in range(2):
            assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 2


async def test_bytes_that_come_between_two_answers_are_never_the_next_one() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        answered.set()
        await ask_again.wait()
        writer.write(OK.replace(b"ok", b"no"))
        await reader.read()

    answered, ask_again = asyncio.Event(), asyncio.Event()
    async with listening(serve) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        ask_again.set()
        await peer.until_gone(1)
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 2


async def test_bytes_that_the_loop_has_not_seen_yet_are_never_the_next_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer.get_extra_info("socket").fileno())
        await request(reader)
        writer.write(OK)
        await reader.read()

    ends: list[int] = []
    async with listening(serve) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        os.write(ends[0], OK.replace(b"ok", b"no"))
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 2


async def test_connections_are_shared_by_calls_to_one_origin_only() -> None:
    async with listening(answering(OK, times=9)) as peer, pool() as upstream:
        for url in ("http://127.0.0.1:%d/a", "http://127.0.0.1:%d/b", "http://localhost:%d/a"):
            assert await whole(upstream, call_to(1, url=url % peer.port)) == b"ok"
        assert peer.made == 2


async def test_what_waits_too_long_is_closed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        await reader.read()

    async with listening(serve) as peer, pool(idle_s=0.05) as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        await peer.until_gone(1)


async def test_not_more_connections_wait_than_the_bound() -> None:
    everybody = asyncio.Barrier(6)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await everybody.wait()
        writer.write(OK)
        await reader.read()

    async with listening(serve) as peer:
        async with pool(most_idle=2) as upstream:
            calls = [whole(upstream, call_to(peer.port)) for _ in range(6)]
            assert await asyncio.gather(*calls) == [b"ok"] * 6
            await peer.until_gone(4)
            assert peer.gone == 4
        await peer.until_gone(6)


# Connections that turn out to be closed


async def _once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one request, and closes when the next one comes."""
    await request(reader)
    writer.write(OK)
    await reader.readexactly(1)


async def test_a_kept_connection_that_was_closed_meanwhile_is_not_the_backends_failure() -> None:
    async with listening(_once) as peer, pool() as upstream:
        for _ in range(2):
            assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 2


async def test_the_second_sending_is_on_a_new_connection() -> None:
    everybody = asyncio.Barrier(3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        if peer.made <= 3:
            await everybody.wait()
        writer.write(OK)
        await reader.readexactly(1)

    async with listening(serve) as peer, pool() as upstream:
        calls = [whole(upstream, call_to(peer.port)) for _ in range(3)]
        assert await asyncio.gather(*calls) == [b"ok"] * 3
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        assert peer.made == 4


async def test_a_call_is_not_repeated_once_the_backend_had_time_to_work_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "_STALE_S", -1.0)
    async with listening(_once) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call_to(peer.port))
        assert unreachable.value.sent == "request"
        assert peer.made == 1


async def test_a_call_is_not_repeated_once_an_answer_has_begun() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        await request(reader)
        writer.write(b"HTTP/1.1 2")

    async with listening(serve) as peer, pool() as upstream:
        assert await whole(upstream, call_to(peer.port)) == b"ok"
        with pytest.raises(TargetUnreachable) as unreachable:
            await upstream.send(call_to(peer.port))
        assert unreachable.value.sent == "headers"
        assert peer.made == 1


async def test_an_answer_pushes_its_bytes_without_a_task() -> None:
    go_on = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(CHUNKED)
        await go_on.wait()
        writer.write(b"3\r\none\r\n0\r\n\r\n")
        await reader.read()

    async with listening(serve) as peer, pool() as upstream:
        answer = await upstream.send(call_to(peer.port))
        pushed = answer.pushing()
        assert pushed is not None
        told: list[bytes] = []
        over = asyncio.Event()

        def tell(data: bytes) -> None:
            told.append(data)
            if not data:
                over.set()

        pushed.on_data(tell)
        go_on.set()
        await over.wait()
        assert (told, pushed.ended) == ([b"one", b""], True)
        answer.close()
        assert upstream.idle == 1


async def test_the_environment_of_the_process_names_the_proxies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[bytes] = []
    async with listening(answering(OK, requests)) as peer:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{peer.port}")
        upstream = HttpUpstream()
        assert await whole(upstream, call_to(1, url="http://far.invalid/v1/y")) == b"ok"
        await upstream.aclose()
    assert requests[0].startswith(b"POST http://far.invalid/v1/y HTTP/1.1\r\n")
