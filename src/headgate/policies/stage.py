"""What a stage of a running chain is: events in, events out, some of them later."""

from collections.abc import Callable

from typing_extensions import override

from headgate.model.events import Event
from headgate.model.fault import Fault
from headgate.policies.duty import Duty

Clock = Callable[[], float]
"""Seconds that only go forward."""


class Stage:
    """One part of one policy's work on one reply.

    While it is `waiting` it takes events and gives none; `step` waits for whoever must be asked.
    Once it has a `fault`, what it gave last is the end; `again`: the reply may be asked for once
    more instead, as long as the caller has seen nothing. Times are seconds of one clock.
    """

    @property
    def waiting(self) -> bool:
        """Somebody must be asked."""
        return False

    @property
    def fault(self) -> Fault | None:
        """Why the reply ends here."""
        return None

    @property
    def again(self) -> bool:
        """Whether another reply would do."""
        return False

    def feed(self, event: Event, now: float) -> list[Event]:
        """The next event of the reply."""
        return [event]

    def due(self) -> float | None:
        """When what is held must be released."""
        return None

    def release(self, now: float) -> list[Event]:
        """Gives out what is due."""
        return []

    def flush(self, now: float) -> list[Event]:
        """The reply is over, whole or not: the rest."""
        return []

    async def step(self, clock: Clock) -> list[Event]:
        """Waits for whoever must be asked, then goes on with what came meanwhile."""
        return []


class DutyStage(Stage):
    """A stage of one policy that may refuse."""

    waiting = False

    def __init__(self, duty: Duty) -> None:
        self.duty = duty

    @property
    @override
    def fault(self) -> Fault | None:
        return self.duty.fault

    @property
    @override
    def again(self) -> bool:
        return self.duty.again
