"""A request whose caller does not wait is answered at once and goes on by itself."""

import asyncio

import msgspec

from headgate.dialects.responses import history
from headgate.dialects.responses.resource import new_resource
from headgate.model.fault import bad_request
from headgate.model.store_faults import StoreUnreachable
from headgate.model.stored import Kept
from headgate.pipeline.following import follow
from headgate.pipeline.keeping import Origin, record_of
from headgate.pipeline.live import Live, Response
from headgate.pipeline.recalling import store_unreachable
from headgate.pipeline.runs import Runs
from headgate.pipeline.telling import start_stream, tell_at_once
from headgate.pipeline.turn import Turn
from headgate.pipeline.watch import NEVER
from headgate.ports import CallerLeft
from headgate.wire import json_text


async def detach(turn: Turn) -> None:
    """Where the caller does not wait: answers it, and puts a `Live` in its place, which is ended
    by `turn.part`. Raises Refused."""
    exchange, memory = turn.exchange, turn.gateway.memory
    if memory is None or exchange.ties is None or not exchange.ties.background:
        return
    if exchange.origin is None:
        raise bad_request("'background' needs a response that is stored.", "background")
    response = _queued(turn)
    live = Live(memory, exchange.origin, response, lambda: turn.watch.interrupt("left"))
    runs = turn.gateway.runs
    runs.add(live)
    try:
        memory.keep(_waiting(exchange.origin, response, runs.worker))
        await turn.watch.until(memory.settled(), NEVER)
        parting = turn.part = Parting(runs, live)
    except StoreUnreachable as error:
        raise store_unreachable() from error
    finally:
        if turn.part is None:
            runs.drop(live)
    await turn.watch.silence()
    parting.telling = await _answer(turn, live)
    turn.downstream = live


class Parting:
    """What is to be done when the response is over. ``telling`` is the task that tells it to the
    caller who asked, where that one wants to watch."""

    def __init__(self, runs: Runs, live: Live) -> None:
        self._runs = runs
        self._live = live
        self.telling: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Ends the response, and waits until its caller has heard all of it, or has left."""
        self._runs.drop(self._live)
        if self.telling is not None:
            try:
                await self.telling
            except CallerLeft:
                pass


def _queued(turn: Turn) -> Response:
    id_ = f"resp_{turn.gateway.mint()}"
    fresh = new_resource(turn.reply_context(), id_, None)
    return {**fresh, "status": "queued"}


def _waiting(origin: Origin, response: Response, worker: str) -> Kept:
    record = record_of(origin, response, history.own_items(origin.body, origin.seed))
    made_by = {"worker": worker, "alive_at": origin.at}
    return Kept(stored=msgspec.structs.replace(record, **made_by))


async def _answer(turn: Turn, live: Live) -> asyncio.Task[None] | None:
    """Answers the caller, with a task of its own where that takes as long as the response."""
    exchange = turn.exchange
    try:
        if exchange.recalled is None or not exchange.recalled.stream:
            await tell_at_once(turn, json_text.encode(live.response))
            return None
        await start_stream(turn)
    except CallerLeft:
        return None  # the response is made nevertheless: that is what was asked for
    heartbeat_s = exchange.snapshot.settings.heartbeat_s
    following = follow(live, turn.downstream, -1, heartbeat_s)
    return asyncio.get_running_loop().create_task(following)
