"""An exchange and the parts that carry it out."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from headgate.dialects.dialect import ReplyContext
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.ports import CallerLeft, Downstream

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

    async def say(self, data: bytes) -> None:
        """Writes a piece of a stream. Raises CallerLeft where the caller takes nothing for long,
        and Interrupted."""
        watch, keeping = self.watch, self.exchange.keeping
        if self.exchange.recalled is not None:
            data = self.exchange.tied(data)
        if keeping is not None and keeping.take(data):
            await watch.until(keeping.settled(), NEVER)
        await watch.hush()
        try:
            await watch.until(self.downstream.write(data), watch.now() + WRITE_STALL_S)
        except Interrupted as interruption:
            if interruption.reason == "due":
                self.downstream.abort()
                raise CallerLeft from None
            raise
        watch.spoke()
        if self.exchange.recording is not None:
            self.exchange.recording.take(data)

    def reply_context(self) -> ReplyContext:
        """What a writer of replies to this caller must know."""
        exchange = self.exchange
        return ReplyContext(
            id_seed=self.gateway.mint(),
            created=int(exchange.created_at),
            model=exchange.envelope.model,
            request=exchange.full_request(),
            input_estimate=exchange.input_estimate,
            ties=exchange.ties,
        )
