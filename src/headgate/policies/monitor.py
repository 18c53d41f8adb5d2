"""A policy in monitor mode: it sees what it would see, and changes, holds and refuses nothing.

The reply goes on as it came while a copy of it passes through the policy. Where the policy must
wait for somebody, it is asked after the last word has gone out (`review`).
"""

from collections.abc import Sequence

from typing_extensions import override

from headgate.model.events import Event
from headgate.model.fault import Refused
from headgate.model.request import Request
from headgate.policies.duty import Duty
from headgate.policies.line import Line
from headgate.policies.policy import waits
from headgate.policies.stage import Clock, Stage


class MonitorStage(Stage):
    """Lets everything pass, past the `stages` of the watched policy."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._line = Line(stages)

    @override
    def feed(self, event: Event, now: float) -> list[Event]:
        self._line.feed(event, now)
        return [event]

    @override
    def flush(self, now: float) -> list[Event]:
        self._line.flush(now)
        return []

    @property
    def reviews(self) -> bool:
        """Whether somebody is left to be asked."""
        return self._line.waiting

    async def review(self, clock: Clock) -> None:
        """Asks whoever could not be asked while the reply was under way."""
        while self._line.waiting:
            await self._line.step(clock)


class RequestWatch:
    """The request hook of a policy in monitor mode."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._later: Request | None = None

    async def see(self, request: Request) -> None:
        """Shows the request to the policy, now or, where it would have to wait, in `review`."""
        if waits(self._duty.policy, "on_request"):
            self._later = request
            return
        await self._show(request)

    @property
    def reviews(self) -> bool:
        """Whether the request is still to be shown."""
        return self._later is not None

    async def review(self) -> None:
        """Shows the request, where that was put off."""
        request, self._later = self._later, None
        if request is not None:
            await self._show(request)

    async def _show(self, request: Request) -> None:
        try:
            await self._duty.request(request)
        except Refused:
            self._duty.fault = None
