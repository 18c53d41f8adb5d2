"""Headers of every answer of the admin API: nobody keeps it, nobody takes it for something else."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Unkept:
    """Adds the headers where they are not said: keys are shown in answers, and what models and
    callers wrote."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {name for name, _ in said}
                added = [header for header in _HEADERS if header[0] not in names]
                message = {**message, "headers": [*said, *added]}
            await send(message)

        await self._app(scope, receive, tell)
