"""An exchange and the parts that carry it out."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from headgate.backends.backend import Backend
from headgate.dialects.dialect import ReplyContext
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.ports import CallerLeft, Downstream, PushedBody

WRITE_STALL_S = 60.0
"""How long a caller may take nothing of a stream before it counts as gone."""


@dataclass(slots=True)
class Turn:
    """What every step of the story needs. ``rest`` is what remains to be done when all is told and
    booked, so that a caller who has the last word can ask again at once; ``part`` is there where
    the caller does not wait, and comes before it."""

    gateway: Gateway
    exchange: Exchange
    downstream: Downstream
    watch: Watch
    rest: Callable[[], Coroutine[Any, Any, None]] | None = None
    part: Callable[[], Coroutine[Any, Any, None]] | None = None

    def leave(self) -> None:
        """The caller is gone, which is the end unless it was not waiting."""
        if self.part is None:
            self.watch.interrupt("left")

    def reads_on(self, backend: Backend) -> bool:
        """Whether an answer is read for its usage when its caller has left. One in the background
        has no caller who leaves: it is cancelled, and so is the backend's call."""
        return backend.on_disconnect == "drain" and self.part is None

    async def say(self, data: bytes) -> None:
        """Writes a piece of a stream. Raises CallerLeft where the caller takes nothing for long,
        and Interrupted."""
        watch, keeping = self.watch, self.exchange.keeping
        if self.exchange.recalled is not None:
            data = self.exchange.tied(data)
        if keeping is not None and keeping.take(data):
            await watch.until(keeping.settled(), NEVER)
        await watch.hush()
        await self._unless_stalled(self.downstream.write(data))
        watch.spoke()
        self._note_said(data)

    def pushed_body(self) -> PushedBody | None:
        """Where pieces of a stream can be sent without waiting. Nowhere, where a conversation must
        have the last one before the caller has it."""
        ties, keeping = self.exchange.ties, self.exchange.keeping
        if keeping is not None and ties is not None and ties.conversation is not None:
            return None
        return self.downstream.pushing()

    def pusher(self, body: PushedBody) -> Callable[[bytes], bool]:
        """What says a piece of a stream as `say` does, without waiting; that it spoke is for who
        uses it to note. False: the caller does not keep up, `make_room` first.

        It is chosen for a stream, so that pieces that nobody else wants to see just leave.
        """
        exchange = self.exchange
        seen = (exchange.recalled, exchange.keeping, exchange.recording, exchange.tape)
        return body.push if seen == (None,) * 4 else partial(self._push, body)

    def _push(self, body: PushedBody, data: bytes) -> bool:
        exchange = self.exchange
        if exchange.recalled is not None:
            data = exchange.tied(data)
        if exchange.keeping is not None:
            exchange.keeping.take(data)
        has_room = body.push(data)
        self._note_said(data)
        return has_room

    async def make_room(self, body: PushedBody) -> None:
        """Waits until the caller keeps up with what is pushed. Raises as `say` does."""
        await self._unless_stalled(body.room())
        await self.watch.hush()  # a heartbeat that waited for room too must not end the stream

    def _note_said(self, data: bytes) -> None:
        if self.exchange.recording is not None:
            self.exchange.recording.take(data)
        if self.exchange.tape is not None:
            self.exchange.tape.said(data)

    async def _unless_stalled(self, waiting: Coroutine[Any, Any, None]) -> None:
        unsent = self.downstream.unsent

        def while_taken() -> float:
            nonlocal unsent
            before, unsent = unsent, self.downstream.unsent
            return self.watch.now() + WRITE_STALL_S if unsent < before else 0.0

        try:
            await self.watch.until(waiting, self.watch.now() + WRITE_STALL_S, while_taken)
        except Interrupted as interruption:
            if interruption.reason == "due":
                self.downstream.abort()
                raise CallerLeft from None
            raise

    def reply_context(self) -> ReplyContext:
        """What a writer of replies to this caller must know."""
        exchange, seed = self.exchange, self.gateway.mint()
        if exchange.tape is not None:
            exchange.tape.seeded(seed)
        return ReplyContext(
            id_seed=seed,
            created=int(exchange.created_at),
            model=exchange.envelope.model,
            request=exchange.full_request(),
            input_estimate=exchange.input_estimate,
            ties=exchange.ties,
        )
