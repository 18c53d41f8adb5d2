from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headgate.admin.body_limit import BodyLimit


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await Response(body)(scope, receive, send)


def client() -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(BodyLimit(echo, most_bytes=10))
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway")


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


@pytest.mark.parametrize("body", [b"", b"x", b"0123456789"])
async def test_a_body_within_the_limit_passes(body: bytes) -> None:
    async with client() as gateway:
        assert (await gateway.post("/", content=body)).content == body
        assert (await gateway.post("/", content=pieces(body[:3], body[3:]))).content == body


async def test_a_larger_one_is_413_whether_it_says_so_or_not() -> None:
    async with client() as gateway:
        for body in (b"0123456789a", pieces(b"01234", b"56789", b"a")):
            answered = await gateway.post("/", content=body)
            assert answered.status_code == 413
            assert answered.json() == {"error": "the body is larger than 10 bytes"}


async def test_what_is_no_request_passes() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await BodyLimit(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
