"""One request to an application as ASGI carries it, and what came of it."""

import asyncio
from typing import Any
from urllib.parse import unquote

import msgspec

from headgate.server.interface import App, Message


class Told(msgspec.Struct):
    """The answer: its status (0 where there was none), headers, and body, decoded if JSON."""

    status: int
    headers: dict[bytes, bytes]
    body: Any
    messages: list[Message]


async def ask(
    app: App, method: str, path: str, body: bytes = b"", leaves: bool = False, **headers: str
) -> Told:
    """Asks `app`; underscores in the names of headers are hyphens. Who `leaves` does so as soon
    as it has asked."""
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        if not waiting and not leaves:
            await asyncio.Event().wait()
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": unquote(path.partition("?")[0]),
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "scheme": "http",
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }
    await app(scope, receive, send)
    return _told(sent)


def _told(sent: list[Message]) -> Told:
    if not sent or "status" not in sent[0]:
        return Told(0, {}, None, sent)
    said = b"".join(message.get("body", b"") for message in sent[1:])
    headers = dict(sent[0]["headers"])
    is_json = headers.get(b"content-type") == b"application/json"
    return Told(sent[0]["status"], headers, msgspec.json.decode(said) if is_json else said, sent)
