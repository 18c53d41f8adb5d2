"""Carrying out a plan over ASGI, with an eye on whether the caller is still there."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from headgate.mock.play import Plan

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

RESET = "headgate.reset"
"""The scope extension of servers that can reset a connection: ``{"reset": async callable}``."""


async def perform(plan: Plan, scope: Scope, receive: Receive, send: Send) -> bool:
    """Sends the answer; False where the caller left before it was whole.

    A reset on a server without the extension is a raised ConnectionResetError, which any ASGI
    server turns into a body that does not end.
    """
    watch = asyncio.ensure_future(departure(receive))
    try:
        if await _left_within(watch, plan.delay_headers_ms):
            return False
        await send(_start(plan))
        for step in plan.steps:
            if await _left_within(watch, step.delay_ms):
                return False
            await send({"type": "http.response.body", "body": step.data, "more_body": True})
        return await _end(plan, watch, scope, send)
    finally:
        watch.cancel()


async def departure(receive: Receive) -> None:
    """Returns when the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _left_within(watch: asyncio.Future[None], delay_ms: int) -> bool:
    return await left_within(watch, delay_ms / 1000)


async def left_within(watch: asyncio.Future[None], seconds: float) -> bool:
    """Whether the caller left in that time, of which 0 or less is none."""
    if seconds > 0:
        await asyncio.wait({watch}, timeout=seconds)
    else:
        # Lets the bytes of the step before leave on their own, and a departure be seen.
        await asyncio.sleep(0)
    return watch.done()


def _start(plan: Plan) -> Message:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plan.headers]
    return {"type": "http.response.start", "status": plan.status, "headers": headers}


async def _end(plan: Plan, watch: asyncio.Future[None], scope: Scope, send: Send) -> bool:
    if plan.ending == "clean":
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return True
    if plan.ending == "reset":
        await reset(scope)
    await watch
    return plan.ending == "reset"


async def reset(scope: Scope) -> None:
    """Resets the connection; see `perform`."""
    extension = (scope.get("extensions") or {}).get(RESET)
    if extension is None:
        raise ConnectionResetError("the script resets the connection here")
    await extension["reset"]()
