import asyncio
from collections.abc import AsyncIterator

import pytest

from headgate.upstream.answer import AnswerBroken, Call
from headgate.upstream.local import AsgiApp, LocalUpstream, Message

CALL = Call(method="POST", url="http://mock/v1/x?a=1", headers=(("X-A", "b"),), body=b"hello")


def _app(seen: list[object], pieces: list[bytes], dies: bool = False) -> AsgiApp:
    async def app(scope: Message, receive: object, send: object) -> None:
        seen.append(scope)
        seen.append(await receive())  # type: ignore[operator]
        start = {"type": "http.response.start", "status": 201, "headers": [(b"X-B", b"c")]}
        await send(start)  # type: ignore[operator]
        for piece in pieces:
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            await send(message)  # type: ignore[operator]
            seen.append(piece)
        if dies:
            raise RuntimeError("the application broke")
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    return app


async def test_a_call_reaches_the_application_and_its_answer_comes_back() -> None:
    seen: list[object] = []
    answer = await LocalUpstream(_app(seen, [b"one", b"two"])).send(CALL)
    assert answer.status == 201
    assert answer.headers == {"x-b": "c"}
    assert [await answer.read(), await answer.read(), await answer.read()] == [b"one", b"two", b""]
    assert await answer.read() == b""
    answer.close()
    scope, request = seen[0], seen[1]
    assert isinstance(scope, dict)
    assert (scope["path"], scope["query_string"]) == ("/v1/x", b"a=1")
    assert scope["headers"] == [(b"x-a", b"b")]
    assert request == {"type": "http.request", "body": b"hello", "more_body": False}


async def test_the_application_waits_while_nobody_reads() -> None:
    seen: list[object] = []
    answer = await LocalUpstream(_app(seen, [b"x"] * 100)).send(CALL)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(seen) < 6
    answer.close()


async def test_closing_stops_the_application() -> None:
    stopped = asyncio.Event()

    async def app(scope: Message, receive: object, send: object) -> None:
        try:
            await send({"type": "http.response.start", "status": 200})  # type: ignore[operator]
            await asyncio.Event().wait()
        finally:
            stopped.set()

    answer = await LocalUpstream(app).send(CALL)
    answer.close()
    async with asyncio.timeout(5):
        await stopped.wait()


async def test_an_application_that_dies_inside_its_answer_breaks_it() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)
    answer = await LocalUpstream(_app([], [b"one"], dies=True)).send(CALL)
    assert await answer.read() == b"one"
    with pytest.raises(AnswerBroken):
        await answer.read()


async def test_a_cancelled_read_loses_nothing() -> None:
    answer = await LocalUpstream(_app([], [b"one", b"two"])).send(CALL)
    assert await answer.read() == b"one"
    read = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    read.cancel()
    await asyncio.gather(read, return_exceptions=True)
    rest = b""
    while data := await answer.read():
        rest += data
    assert rest == (b"two" if read.cancelled() else b"")
    answer.close()


async def test_a_body_in_pieces_reaches_the_application_piece_by_piece() -> None:
    heard: list[Message] = []

    async def app(scope: Message, receive: object, send: object) -> None:
        while not heard or heard[-1]["more_body"]:
            heard.append(await receive())  # type: ignore[operator]
        await send({"type": "http.response.start", "status": 200})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    call = Call(method="POST", url="http://mock/", headers=(), body=pieces())
    answer = await LocalUpstream(app).send(call)
    assert await answer.read() == b""
    assert answer.pushing() is None
    answer.close()
    assert [message["body"] for message in heard] == [b"one", b"two", b""]
