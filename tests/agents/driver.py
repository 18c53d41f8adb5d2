"""An agent that does what a test tells it, and a caller that needs no server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.agents.interface import App, Message, Receive, Send
from headgate.wire import sse

HI = {"model": "pal", "messages": [{"role": "user", "content": "Hi"}]}
CHAT = "/v1/chat/completions"
PATHS = {CHAT: "messages", "/v1/messages": "messages", "/v1/responses": "input"}


def body_for(path: str, **more: Any) -> dict[str, Any]:
    """A small request for the endpoint `path`."""
    said: Any = "Hi" if path == "/v1/responses" else HI["messages"]
    tokens = {"max_tokens": 100} if path == "/v1/messages" else {}
    return {"model": "pal", PATHS[path]: said, **tokens, **more}


class Pal:
    """Streams `pieces`, then returns `answer` or raises `error`. ``calls`` are what it was asked;
    ``begun`` and ``cancelled`` say that it was.

    `before` and `after` are awaited before and behind the pieces.
    """

    def __init__(
        self,
        *pieces: str,
        answer: Any = "",
        error: BaseException | None = None,
        before: Callable[[], Awaitable[Any]] | None = None,
        after: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        self._pieces = pieces
        self._answer = answer
        self._error = error
        self._before = before
        self._after = after
        self.calls: list[dict[str, Any]] = []
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def process_direct(self, *, on_stream: Any, on_stream_end: Any, **said: Any) -> str:
        self.calls.append(said)
        self.begun.set()
        try:
            await self._pause(self._before)
            for piece in self._pieces:
                await on_stream(piece)
            await self._pause(self._after)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self._error is not None:
            raise self._error
        answer: str = self._answer
        return answer

    async def _pause(self, wait: Callable[[], Awaitable[Any]] | None) -> None:
        if wait is not None:
            await wait()


@dataclass
class Answer:
    """What a caller got."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def frames(self) -> list[sse.Frame]:
        return sse.parse(self.body)

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The chunks of a chat stream, without its last word."""
        return [json.loads(f.data) for f in self.frames if f.data != b"[DONE]"]


class Call:
    """One request on its way; `answer` grows while it runs."""

    def __init__(
        self,
        app: App,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        headers: Sequence[tuple[str, str]] = (),
        send: Callable[[Message], Awaitable[None]] | None = None,
    ) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._pieces = [raw[:1000], raw[1000:]]
        self._gone = asyncio.Event()
        self._heard = asyncio.Condition()
        self._send_also = send
        self.answer = Answer()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in headers],
        }
        self.task = asyncio.get_running_loop().create_task(self._run(app, scope))

    def leave(self) -> None:
        self._gone.set()

    async def heard(self, text: bytes) -> None:
        """Waits until `text` has arrived."""
        async with self._heard:
            await self._heard.wait_for(lambda: text in self.answer.body)

    async def whole(self) -> Answer:
        await self.task
        return self.answer

    async def _run(self, app: App, scope: dict[str, Any]) -> None:
        receive: Receive = self._receive
        send: Send = self._send
        await app(scope, receive, send)

    async def _receive(self) -> Message:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._send_also is not None:
            await self._send_also(message)
        if message["type"] == "http.response.start":
            assert not self.answer.status, "two heads"
            self.answer.status = message["status"]
            self.answer.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            return
        assert self.answer.status, "a body before the head"
        assert not self.answer.ended, "a body behind the end"
        self.answer.body += message["body"]
        self.answer.ended = not message["more_body"]
        async with self._heard:
            self._heard.notify_all()


async def ask(app: App, path: str = CHAT, body: Any = None, **more: Any) -> Answer:
    """One request, answered."""
    return await Call(app, path, HI if body is None else body, **more).whole()
