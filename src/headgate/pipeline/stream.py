"""The hot loop: a backend's stream to a caller, pull, transform, write."""

from collections.abc import Coroutine
from typing import Any

from headgate.dialects.facts import Facts
from headgate.model.fault import StreamBroken
from headgate.pipeline.gears import Gear
from headgate.pipeline.guard import is_block
from headgate.pipeline.guarded import Holding
from headgate.pipeline.pushing import pushing_of
from headgate.pipeline.turn import Turn
from headgate.pipeline.verdict import Ending
from headgate.pipeline.watch import NEVER, Interrupted, Watch
from headgate.ports import CallerLeft
from headgate.upstream.answer import Answer, AnswerBroken

FINISH_GRACE_S = 5.0
"""How long a backend that said its finish reason may take for the terminator and the usage."""
READ_ON_S = 60.0
"""How long a stream whose caller left is read on for its usage, where its backend wants that."""
MOST_AHEAD_BYTES = 256 * 1024
"""What may come before the first event: comments and empty lines against the silence."""
LINGER_S = 1.0
"""How long the end of the body is waited for after the terminator, to keep the connection."""


class Stream:
    """One backend stream in its gear. Times are monotonic, in seconds. ``holding`` is the gear
    where policies have a part in it."""

    def __init__(
        self, answer: Answer, gear: Gear, watch: Watch, holding: Holding | None = None
    ) -> None:
        self._answer = answer
        self._gear = gear
        self.transform = gear.feed
        self._watch = watch
        self.holding = holding
        self._seen = -1
        self._quiet_until = NEVER
        self.facts: Facts = gear.facts
        self.held = b""
        self.ending: Ending | None = None

    async def begin(self, head: bytes, due: float) -> None:
        """Reads until the first event, an error in its place, or the end; `head` was read.

        What the caller is to get is held back. Raises Interrupted, and AnswerBroken where ever
        more comes that is no event.
        """
        held = [self.feed(head)]
        size = len(held[0])
        while not self._begun():
            if size > MOST_AHEAD_BYTES:
                raise AnswerBroken("too much comes before its first event")
            held.append(await self._pull(due))
            size += len(held[-1])
        self.held = b"".join(held)

    async def gather(self, idle_s: float, due: float) -> None:
        """Reads on until policies let something of the answer out, or the stream is over.

        What the caller is to get is held back. Raises Interrupted.
        """
        holding = self.holding
        if holding is None:
            return
        held = [self.held]
        while not holding.told and not self.over:
            held.append(await self._pull(min(self._quiet(idle_s), due)))
        if not holding.told:
            held.append(holding.flush())
            while holding.waiting:
                held.append(await self._watch.until(holding.step(), due))
        self.held = b"".join(held)

    async def relay(self, turn: Turn, idle_s: float, due: float) -> None:
        """Passes the rest on until the stream is over, whoever ends it: see `ending`."""
        out = self.held
        self.held = b""
        self._seen = -1
        pushing = pushing_of(self, self._answer, turn)
        try:
            while True:
                if out:
                    await turn.say(out)
                if self.over:
                    break
                if pushing is not None:
                    await pushing.run(idle_s, due)
                    break
                out = await self._pull(min(self._quiet(idle_s), due))
        except Interrupted as interruption:
            self.ending = interruption.reason
        except CallerLeft:
            self.ending = "left"
        if self.holding is not None and self.ending != "left":
            await self._let_out(turn, self.holding)

    async def read_on(self, idle_s: float) -> None:
        """After the caller left: reads the rest, which nobody gets, for the sake of the facts."""
        due = self._watch.now() + READ_ON_S
        self.ending = self.holding = None
        while not self.over:
            try:
                await self._pull(min(self._watch.now() + self.patience_s(idle_s), due))
            except Interrupted as interruption:
                if interruption.reason != "left":
                    break
        self.ending = "left"

    async def linger(self) -> None:
        """After the terminator: reads the body's end, so that the connection can be used again."""
        if self.ending is not None or is_block(self.facts.fault):
            return
        try:
            due = self._watch.now() + LINGER_S
            while await self._watch.until(self._answer.read(), due):
                pass
        except (Interrupted, AnswerBroken):
            return

    async def _let_out(self, turn: Turn, holding: Holding) -> None:
        """After the end, whole or cut: what policies still hold."""
        try:
            out = holding.flush()
            while True:
                if out:
                    await turn.say(out)
                if not holding.waiting or self.ending == "drained":
                    return
                out = await self._watch.until(holding.step(), NEVER)
        except Interrupted as interruption:
            self.ending = interruption.reason
        except CallerLeft:
            self.ending = "left"
        # The backend's reply may be whole, but the caller never got it.
        self.facts.finished = self.facts.terminated = False

    def _pull(self, due: float) -> Coroutine[Any, Any, bytes]:
        """What is next for the caller. Chosen anew each time: a method that an object keeps of
        itself is rubbish for the collector afterwards, with all of the exchange behind it."""
        return self._read(due) if self.holding is None else self._read_or_release(due)

    async def _read_or_release(self, due: float) -> bytes:
        """What is next for the caller: of the backend's bytes, or of what policies held."""
        holding = self.holding
        assert holding is not None, "only chosen where policies hold"
        if holding.waiting:
            self._seen = -1
            return await self._watch.until(holding.step(), NEVER)
        release_at = holding.due()
        if release_at is None or release_at >= due:
            return await self._read(due)
        try:
            return await self._read(release_at)
        except Interrupted as interruption:
            if interruption.reason != "due":
                raise
            return holding.release()

    async def _read(self, due: float) -> bytes:
        try:
            data = await self._watch.until(self._answer.read(), due)
        except AnswerBroken:
            return self.end("broken")
        return self.feed(data) if data else self.end("clean")

    def feed(self, data: bytes) -> bytes:
        """What the caller is to get for `data`."""
        try:
            return self.transform(data)
        except StreamBroken:
            self.ending = "nonsense"
            return b""

    def end(self, ending: Ending) -> bytes:
        """What the caller is to get at the end of the bytes."""
        self.ending = ending
        return self._gear.end()

    def patience_s(self, idle_s: float) -> float:
        """How long the backend may be silent after an event."""
        return min(FINISH_GRACE_S, idle_s) if self.facts.finished else idle_s

    def _quiet(self, idle_s: float) -> float:
        """Until when the backend may be silent: reckoned anew at each event."""
        if self.facts.events != self._seen:
            self._seen = self.facts.events
            self._quiet_until = self._watch.now() + self.patience_s(idle_s)
        return self._quiet_until

    def _begun(self) -> bool:
        return self.facts.events > 0 or self.facts.fault is not None or self.over

    @property
    def over(self) -> bool:
        """Nothing more is to come, or to be told."""
        return self.ending is not None or self.facts.terminated or self.facts.fault is not None
