"""Calls an ASGI application without a server."""

import asyncio
from typing import Any

import msgspec

from headgate.mock.perform import Message
from headgate.mock.server import MockUpstream
from headgate.wire import json_text


class Reply(msgspec.Struct):
    """What came back; ``whole``: the body was ended."""

    status: int = 0
    headers: dict[str, str] = {}
    pieces: list[bytes] = []
    whole: bool = False

    @property
    def body(self) -> bytes:
        """All pieces."""
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json_text.decode(self.body)


class Caller:
    """One connection: says the body once, then stays until it `leave`s."""

    def __init__(self, body: bytes = b"") -> None:
        self.reply = Reply()
        self.started = asyncio.Event()
        self._left = asyncio.Event()
        self._body: list[bytes] = [body]

    def leave(self) -> None:
        """Goes away."""
        self._left.set()

    async def receive(self) -> Message:
        """ASGI."""
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI."""
        if message["type"] == "http.response.start":
            self.reply.status = message["status"]
            self.reply.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            self.started.set()
        else:
            self.reply.pieces.append(message.get("body", b""))
            self.reply.whole = not message.get("more_body", False)


def scope_of(method: str, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """An HTTP scope."""
    path, _, query = url.partition("?")
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": raw,
    }


async def call(app: MockUpstream, method: str, url: str, body: Any = None) -> Reply:
    """One request; a `body` that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else b"" if body is None else json_text.encode(body)
    caller = Caller(data)
    await app(scope_of(method, url), caller.receive, caller.send)
    return caller.reply


def chat(*words: str, **fields: Any) -> dict[str, Any]:
    """A chat request of one user message."""
    return {"model": "m", "messages": [{"role": "user", "content": " ".join(words)}], **fields}
