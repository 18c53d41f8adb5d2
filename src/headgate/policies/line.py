"""Stages in a row: what one gives the next one gets, in the order of the chain."""

from collections.abc import Sequence

from headgate.model.events import Event
from headgate.model.fault import Fault
from headgate.policies.call_stage import CallStage
from headgate.policies.duty import Duty
from headgate.policies.stage import Clock, Stage
from headgate.policies.text_stage import TextStage
from headgate.policies.whole_stage import WholeStage


def stages_of(duty: Duty) -> list[Stage]:
    """The stages in which a policy takes part in a reply."""
    reads = duty.run(duty.policy.reads)
    if reads is None or duty.off:
        return []
    stages: list[Stage] = []
    if reads & {"text", "reasoning"}:
        stages.append(TextStage(duty))
    if "tool_calls" in reads:
        stages.append(CallStage(duty))
    if "reply" in reads:
        stages.append(WholeStage(duty))
    return stages


class Line:
    """One reply on its way through `stages`.

    Where a policy blocks, `blocked` is its fault: what was given last is the end, and nothing
    comes after it. `again`: see `Stage`.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = stages
        self.blocked: Fault | None = None
        self.again = False
        self._ending = False
        self._flushed = 0

    @property
    def waiting(self) -> bool:
        """Somebody must be asked: `step` before anything more comes of it."""
        return self.blocked is None and any(stage.waiting for stage in self.stages)

    def feed(self, event: Event, now: float) -> list[Event]:
        """The next event of the reply; what goes on."""
        if self.blocked is not None:
            return []
        return self._through(0, [event], now)

    def due(self) -> float | None:
        """When something that is held must be released."""
        if self.blocked is not None:
            return None
        first: float | None = None
        for stage in self.stages:
            due = stage.due()
            if due is not None and (first is None or due < first):
                first = due
        return first

    def release(self, now: float) -> list[Event]:
        """Gives out what is due."""
        events: list[Event] = []
        for number, stage in enumerate(self.stages):
            if self.blocked is not None:
                break
            given = stage.release(now)
            if given or stage.fault is not None:
                events += self._after(number, given, now)
        return events

    def flush(self, now: float) -> list[Event]:
        """The reply is over: the rest, as far as nobody must be asked."""
        self._ending = True
        return self._flush(now)

    async def step(self, clock: Clock) -> list[Event]:
        """Waits for whoever must be asked; what goes on then."""
        events: list[Event] = []
        for number, stage in enumerate(self.stages):
            if stage.waiting and self.blocked is None:
                given = await stage.step(clock)
                events += self._after(number, given, clock())
        if self._ending and self.blocked is None:
            events += self._flush(clock())
        return events

    def _through(self, first: int, events: list[Event], now: float) -> list[Event]:
        """`events` through the stages from `first` on."""
        for number in range(first, len(self.stages)):
            if not events:
                break
            stage = self.stages[number]
            given: list[Event] = []
            for event in events:
                given += stage.feed(event, now)
                if stage.fault is not None:
                    return self._after(number, given, now)
            events = given
        return events

    def _after(self, number: int, given: list[Event], now: float) -> list[Event]:
        """What the stage `number` gave, through those that follow; and the end where it blocked.

        What came before a block is whole in itself: the later stages give out what they hold.
        """
        fault = self.stages[number].fault
        if fault is None:
            return self._through(number + 1, given, now)
        events = self._through(number + 1, given, now)
        if self.blocked is None:
            self.blocked, self.again = fault, self.stages[number].again
            for later in range(number + 1, len(self.stages)):
                rest = self.stages[later].flush(now)
                events += self._through(later + 1, rest, now)
        return events

    def _flush(self, now: float) -> list[Event]:
        events: list[Event] = []
        while self._flushed < len(self.stages) and self.blocked is None:
            number = self._flushed
            stage = self.stages[number]
            if stage.waiting:
                break
            given = stage.flush(now)
            events += self._after(number, given, now)
            if stage.waiting:
                # It is asked once more; what it gives then is its last.
                self._flushed += 1
                break
            self._flushed += 1
        return events
