"""Calls to an ASGI application in this process: the built-in mock, agents as backends."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from headgate.upstream.answer import Answer, AnswerBroken, Call

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]


class LocalUpstream:
    """Calls one application as if over HTTP; one piece at a time, so back-pressure holds."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def send(self, call: Call) -> Answer:
        """See `headgate.upstream.answer.Upstream.send`."""
        answer = LocalAnswer(self._app, call)
        await answer.begin()
        return answer

    async def aclose(self) -> None:
        """Nothing is kept between calls."""


class LocalAnswer:
    """One run of the application."""

    def __init__(self, app: AsgiApp, call: Call) -> None:
        self._app = app
        self._call = call
        self._asked = False
        self._pieces: asyncio.Queue[Message | None] = asyncio.Queue(maxsize=1)
        self._gone = asyncio.Event()
        self._over = False
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._run = asyncio.ensure_future(self._run_app())

    async def begin(self) -> None:
        """Waits for the head of the answer."""
        try:
            start = await self._pieces.get()
        except asyncio.CancelledError:
            self.close()
            raise
        if start is None or start["type"] != "http.response.start":
            self.status = 500
            self._over = True
            return
        self.status = start["status"]
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in start.get("headers", ())
        }

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        while not self._over:
            piece = await self._pieces.get()
            if piece is None:
                self._over = True
                raise AnswerBroken("the application stopped inside its answer")
            self._over = not piece.get("more_body", False)
            body: bytes = piece.get("body", b"")
            if body:
                return body
        return b""

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        self._gone.set()
        self._run.cancel()

    def pushing(self) -> None:
        """See `headgate.upstream.answer.Answer.pushing`."""

    async def _run_app(self) -> None:
        try:
            await self._app(_scope(self._call), self._receive, self._pieces.put)
        finally:
            if not self._gone.is_set():
                await self._pieces.put(None)

    async def _receive(self) -> Message:
        body = self._call.body
        if not self._asked and not isinstance(body, bytes):
            async for piece in body:
                return {"type": "http.request", "body": piece, "more_body": True}
        if not self._asked:
            self._asked = True
            rest = body if isinstance(body, bytes) else b""
            return {"type": "http.request", "body": rest, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}


def _scope(call: Call) -> MutableMapping[str, Any]:
    address = urlsplit(call.url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": unquote(address.path),
        "raw_path": address.path.encode(),
        "query_string": address.query.encode(),
        "root_path": "",
        "headers": [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in call.headers],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "extensions": {},
    }
