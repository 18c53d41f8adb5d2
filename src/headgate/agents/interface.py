"""The words of ASGI as types, and how one answer is sent whole."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A whole answer, with its length. A caller who has left is no error."""
    length = (b"content-length", b"%d" % len(body))
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    try:
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": False})
    except OSError:  # how ASGI servers say that the caller is gone
        return
