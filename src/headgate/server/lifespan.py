"""The application's start and stop, by ASGI's lifespan protocol, with a failure as one sentence."""

import asyncio
from typing import Any

from headgate.server.interface import App, Message
from headgate.server.service import CannotServe


class Lifespan:
    """Starts and stops one application. ``state`` is what it leaves for its requests."""

    def __init__(self, app: App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once the application is ready. Raises CannotServe where it cannot be."""
        running = self._running = asyncio.get_running_loop().create_task(self._run())
        answer = await self._ask("lifespan.startup", running)
        if answer["type"] != "lifespan.startup.complete":
            raise CannotServe(f"the application could not start: {_reason(answer)}")

    async def stop(self) -> None:
        """Returns once the application has closed what it opened, or failed to."""
        if self._running is not None:
            await self._ask("lifespan.shutdown", self._running)

    async def _ask(self, type_: str, running: asyncio.Task[None]) -> Message:
        """What the application answers; to raise is to fail, to return is to have no need."""
        self._told.put_nowait({"type": type_})
        heard = asyncio.get_running_loop().create_task(self._heard.get())
        await asyncio.wait((heard, running), return_when=asyncio.FIRST_COMPLETED)
        if heard.done():
            return heard.result()
        heard.cancel()
        error = running.exception()
        if error is None:
            return {"type": f"{type_}.complete"}
        return {"type": f"{type_}.failed", "message": str(error) or type(error).__name__}

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        await self._app(scope, self._told.get, self._hear)

    async def _hear(self, message: Message) -> None:
        self._heard.put_nowait(message)


def _reason(answer: Message) -> str:
    lines = str(answer.get("message") or "it gave no reason").strip().splitlines()
    return lines[-1]
