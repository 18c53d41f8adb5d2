"""One run of an agent for one request: in its turn, within its time, while the caller is there."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from headgate.agents import usage
from headgate.agents.agent import Agent
from headgate.agents.ask import Ask
from headgate.agents.interface import Receive
from headgate.agents.sessions import Sessions
from headgate.agents.telling import Telling
from headgate.model.fault import Fault
from headgate.model.usage import Usage

LAST_WORD_S = 30.0
"""How long a caller may take to read the end of an answer."""

_LOG = logging.getLogger(__name__)
_ONCE = (("x-should-retry", "false"),)
"""Official clients repeat a failed request unless told otherwise; an agent has acted by then."""


class Limits(msgspec.Struct, frozen=True):
    """``timeout_s`` None: as long as it takes. ``beat_s`` is the silence before a heartbeat."""

    timeout_s: float | None
    beat_s: float


class Said(msgspec.Struct, frozen=True):
    """What a run came to."""

    answer: str
    usage: Usage | None


class Desk:
    """Where the requests for one agent are taken, run and told."""

    def __init__(self, agent: Agent, sessions: Sessions, limits: Limits) -> None:
        self._agent = agent
        self._sessions = sessions
        self._limits = limits

    async def serve(self, ask: Ask, telling: Telling, receive: Receive) -> None:
        """Runs the agent and tells the outcome; cancels it when the caller leaves.

        Raises Refused where too many requests are waiting.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + (self._limits.timeout_s or float("inf"))
        run = self._sessions.start(ask.session_key, self._work(ask, telling))
        leaving = loop.create_task(_departure(receive))
        try:
            await self._attend(run, leaving, telling, due)
            if not leaving.done():
                async with asyncio.timeout(LAST_WORD_S):
                    await self._tell(ask, run, telling)
        except TimeoutError:
            return  # the caller takes nothing any more
        finally:
            run.cancel()
            leaving.cancel()

    def _work(self, ask: Ask, telling: Telling) -> Callable[[], Coroutine[Any, Any, Said]]:
        async def on_stream(text: str | None = None, *_: Any, **__: Any) -> None:
            if text:
                await telling.say(text)

        async def on_stream_end(*_: Any, **__: Any) -> None:
            """A tool runs now, perhaps: the answer goes on."""

        more = {} if ask.instructions is None else {"instructions": ask.instructions}

        async def work() -> Said:
            answer = await self._agent.process_direct(
                content=ask.content,
                media=list(ask.media),
                session_key=ask.session_key,
                channel="api",
                chat_id=ask.session,
                on_stream=on_stream,
                on_stream_end=on_stream_end,
                **more,
            )
            # Read before anything else may run, since another session's run sets it too.
            return Said(_text_of(answer), usage.reported(self._agent))

        return work

    async def _attend(
        self,
        run: asyncio.Task[Said],
        leaving: asyncio.Task[None],
        telling: Telling,
        due: float,
    ) -> None:
        """Waits for the run's end, the caller's leaving or the time, with heartbeats."""
        loop = asyncio.get_running_loop()
        while True:
            beat_at = telling.spoke_at + self._limits.beat_s
            wait_s = max(0.0, min(due, beat_at) - loop.time())
            done, _ = await asyncio.wait(
                {run, leaving},
                timeout=None if wait_s == float("inf") else wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done or loop.time() >= due:
                return
            if loop.time() >= telling.spoke_at + self._limits.beat_s:
                async with asyncio.timeout(LAST_WORD_S):
                    await telling.beat()

    async def _tell(self, ask: Ask, run: asyncio.Task[Said], telling: Telling) -> None:
        if not run.done():
            run.cancel()
            message = f"Request timed out after {self._limits.timeout_s:g}s"
            await telling.fail(Fault(kind="timeout", message=message, headers=_ONCE))
            return
        error = asyncio.CancelledError() if run.cancelled() else run.exception()
        if error is not None:
            _LOG.error("the agent failed in session %s", ask.session_key, exc_info=error)
            message = "The agent failed to answer."
            await telling.fail(Fault(kind="internal", message=message, headers=_ONCE))
            return
        said = run.result()
        await telling.conclude(said.answer)
        counted = said.usage or usage.estimated(ask.content, telling.text, ask.request.dialect)
        await telling.end(counted)


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _text_of(answer: Any) -> str:
    if answer is not None and not isinstance(answer, str):
        raise TypeError(f"process_direct returned a {type(answer).__name__}, not a string")
    return answer or ""
