"""Bodies of the admin API in bounds: 413 for what is larger, before it is read whole."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.admin.answers import failure

MOST_BYTES = 4 * 1024 * 1024


class BodyLimit:
    """Answers 413 where a body is larger than `most_bytes`, said so or not."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        first = await self._gathered(receive)
        if first is None:
            refusal = failure(413, f"the body is larger than {self._most_bytes} bytes")
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replay(first, receive), send)

    async def _gathered(self, receive: Receive) -> Message | None:
        """The whole body as one message; None where it is too large."""
        body, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body.append(message.get("body", b""))
            size += len(body[-1])
            if size > self._most_bytes:
                return None
            if not message.get("more_body", False):
                return {"type": "http.request", "body": b"".join(body), "more_body": False}


def _replay(first: Message, receive: Receive) -> Receive:
    """`first`, then what really comes."""
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
