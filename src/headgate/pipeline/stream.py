"""The hot loop: a backend's stream to a caller, pull, transform, write."""

from headgate.dialects.facts import Facts
from headgate.model.fault import StreamBroken
from headgate.pipeline.gears import Gear
from headgate.pipeline.turn import Turn
from headgate.pipeline.verdict import Ending
from headgate.pipeline.watch import Interrupted, Watch
from headgate.ports import CallerLeft
from headgate.upstream.answer import Answer, AnswerBroken

FINISH_GRACE_S = 5.0
"""How long a backend that said its finish reason may take for the terminator and the usage."""
READ_ON_S = 60.0
"""How long a stream whose caller left is read on for its usage, where its backend wants that."""
LINGER_S = 1.0
"""How long the end of the body is waited for after the terminator, to keep the connection."""


class Stream:
    """One backend stream in its gear. Times are monotonic, in seconds."""

    def __init__(self, answer: Answer, gear: Gear, watch: Watch) -> None:
        self._answer = answer
        self._gear = gear
        self._watch = watch
        self.facts: Facts = gear.facts
        self.held = b""
        self.ending: Ending | None = None

    async def begin(self, head: bytes, due: float) -> None:
        """Reads until the first event, an error in its place, or the end; `head` was read.

        What the caller is to get is held back. Raises Interrupted.
        """
        held = [self._feed(head)]
        while not self._begun():
            held.append(await self._pull(due))
        self.held = b"".join(held)

    async def relay(self, turn: Turn, idle_s: float, due: float) -> None:
        """Passes the rest on until the stream is over, whoever ends it: see `ending`."""
        watch = self._watch
        facts = self.facts
        out = self.held
        self.held = b""
        quiet_until = watch.now() + _patience_s(facts, idle_s)
        events = facts.events
        try:
            while True:
                if out:
                    await turn.say(out)
                if self._over():
                    return
                if facts.events != events:
                    events = facts.events
                    quiet_until = watch.now() + _patience_s(facts, idle_s)
                out = await self._pull(min(quiet_until, due))
        except Interrupted as interruption:
            self.ending = interruption.reason
        except CallerLeft:
            self.ending = "left"

    async def read_on(self, idle_s: float) -> None:
        """After the caller left: reads the rest, which nobody gets, for the sake of the facts."""
        facts, due = self.facts, self._watch.now() + READ_ON_S
        self.ending = None
        while not self._over():
            try:
                await self._pull(min(self._watch.now() + _patience_s(facts, idle_s), due))
            except Interrupted as interruption:
                if interruption.reason != "left":
                    break
        self.ending = "left"

    async def linger(self) -> None:
        """After the terminator: reads the body's end, so that the connection can be used again."""
        if self.ending is not None:
            return
        try:
            due = self._watch.now() + LINGER_S
            while await self._watch.until(self._answer.read(), due):
                pass
        except (Interrupted, AnswerBroken):
            return

    async def _pull(self, due: float) -> bytes:
        try:
            data = await self._watch.until(self._answer.read(), due)
        except AnswerBroken:
            self.ending = "broken"
            return self._gear.end()
        if data:
            return self._feed(data)
        self.ending = "clean"
        return self._gear.end()

    def _feed(self, data: bytes) -> bytes:
        try:
            return self._gear.feed(data)
        except StreamBroken:
            self.ending = "nonsense"
            return b""

    def _begun(self) -> bool:
        return self.facts.events > 0 or self.facts.fault is not None or self._over()

    def _over(self) -> bool:
        return self.ending is not None or self.facts.terminated or self.facts.fault is not None


def _patience_s(facts: Facts, idle_s: float) -> float:
    """How long the backend may be silent now."""
    return min(FINISH_GRACE_S, idle_s) if facts.finished else idle_s
