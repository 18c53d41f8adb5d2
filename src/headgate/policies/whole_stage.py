"""A policy's work on the whole reply: to refuse it, or, where all of it is held, to change it."""

from typing import Any

from typing_extensions import override

from headgate.model import events as ev
from headgate.model.reply import Fold, Reply, unfold
from headgate.policies.duty import Duty, awaited
from headgate.policies.policy import waits
from headgate.policies.stage import Clock, DutyStage


class WholeStage(DutyStage):
    """See `headgate.policies.stage.Stage`.

    Where the policy does not hold the reply, only its finish waits for the verdict. A reply that
    never became whole is not asked about; of one that is held nothing goes out then.
    """

    def __init__(self, duty: Duty) -> None:
        super().__init__(duty)
        self.waiting = False
        self._holding = self._holds = duty.policy.holds_reply
        self._fold = Fold()
        self._whole = False
        self._queue: list[ev.Event] = []
        self._since: float | None = None

    @override
    def feed(self, event: ev.Event, now: float) -> list[ev.Event]:
        if self.duty.off:
            return [*self._all(), event]
        self._fold.add(event)
        if isinstance(event, ev.Failed):
            queue = self._all()
            return [event] if self._holds else [*queue, event]
        if isinstance(event, ev.Finished):
            self._holding = self._whole = True
        if not self._holding:
            return [event]
        if self._since is None:
            self._since = now
        self._queue.append(event)
        return []

    @override
    def due(self) -> float | None:
        """A policy that needs the whole reply has no bound."""
        return None

    @override
    def release(self, now: float) -> list[ev.Event]:
        return []

    @override
    def flush(self, now: float) -> list[ev.Event]:
        if self.duty.off:
            return self._all()
        if not self._whole:
            if self._holds:
                self._queue.clear()
            return self._all()
        if waits(self.duty.policy, "on_reply"):
            self.waiting = True
            return []
        given = self.duty.run(self.duty.policy.on_reply, self._fold.reply())
        return self._judged(given, now)

    @override
    async def step(self, clock: Clock) -> list[ev.Event]:
        given = await self.duty.wait(awaited, self.duty.policy.on_reply, self._fold.reply())
        self.waiting = False
        return self._judged(given, clock())

    def _judged(self, given: Any, now: float) -> list[ev.Event]:
        if self._since is not None:
            self.duty.report.held(now - self._since, sum(map(_size, self._queue)))
            self._since = None
        if given is not None and not isinstance(given, Reply):
            self.duty.fail(f"on_reply gave {type(given).__name__} where a reply is due")
        if self.duty.fault is not None:
            self._queue.clear()
            return []
        if isinstance(given, Reply) and self._holds:
            self.duty.report.changed = True
            self._queue = list(unfold(given))
        return self._all()

    def _all(self) -> list[ev.Event]:
        queue, self._queue = self._queue, []
        return queue


def _size(event: ev.Event) -> int:
    return len(event.text) if isinstance(event, ev.TextDelta | ev.ReasoningDelta) else 0
