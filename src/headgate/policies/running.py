"""A chain at work on one exchange: its request, then its reply, then its end.

The request is awaited once (`request`). A reply goes through as events: `feed` gives what may go on
at once, `release` what has been held long enough, `flush` the rest; while it is `waiting`, `step`
asks whoever must be asked. A whole JSON reply (`reply`) takes the same way, so that both give the
same. Where a policy blocks, `blocked` is the fault to tell; nothing comes after it.
"""

import asyncio
from collections.abc import Iterable

from msgspec.structs import replace

from headgate.model.events import Event, Finished
from headgate.model.fault import Fault, Refused
from headgate.model.outcome import Outcome
from headgate.model.reply import Choice, Fold, Reply, unfold
from headgate.model.request import Request
from headgate.policies.duty import Duty
from headgate.policies.line import Line, stages_of
from headgate.policies.monitor import MonitorStage, RequestWatch
from headgate.policies.nodes import Link, Node, Parallel, Step, asks_backend, steps
from headgate.policies.occasion import Effects, Occasion
from headgate.policies.parallel import ParallelStage
from headgate.policies.policy import Policy
from headgate.policies.report import Holds, Report
from headgate.policies.stage import Clock, Stage


class Running:
    """See the module. One instance of each policy lives as long as this."""

    def __init__(self, nodes: tuple[Node, ...], occasion: Occasion, clock: Clock) -> None:
        self._nodes = nodes
        self.occasion = occasion
        self._clock = clock
        self._duties: dict[Link, Duty] = {}
        self._watches: dict[Link, RequestWatch] = {}
        self._monitors: list[MonitorStage] = []
        self._line = Line(())
        self._steps: list[Step] = list(steps(nodes, occasion))
        self.effects = Effects()
        self.passed = False
        """Whether what `request` gave last may be sent on."""
        self.asks_backend = asks_backend(nodes)
        """Whether `turn_to` and `request` belong before each attempt, not before all of them."""

    def turn_to(self, backend: str) -> None:
        """The backend of the attempt at hand: conditions that ask for it are answered."""
        self.occasion = replace(self.occasion, backend=backend)
        self._steps = list(steps(self._nodes, self.occasion))
        for duty in self._duties.values():
            duty.policy.exchange = self.occasion

    async def request(self, request: Request) -> Request:
        """The request after every policy in force. Raises Refused (``policy_violation``)."""
        self.effects.clear()
        self.passed = False
        for step in self._steps:
            request = await self._ask(step, request)
        self.begin_reply()
        self.passed = True
        return request

    def begin_reply(self) -> None:
        """A reply begins: the first, or another one after an attempt that failed."""
        for duty in self._duties.values():
            duty.renew()
        self._monitors = []
        self._line = Line([stage for step in self._steps for stage in self._stages(step)])

    @property
    def changes_reply(self) -> bool:
        """Whether the reply must pass through here; else its bytes may pass as they are."""
        return any(not isinstance(stage, MonitorStage) for stage in self._line.stages)

    @property
    def watches_reply(self) -> bool:
        """Whether events are wanted at all; without `changes_reply` what `feed` gives is what it
        was given, and need not be used."""
        return bool(self._line.stages)

    @property
    def blocked(self) -> Fault | None:
        """Why the reply ends here."""
        return self._line.blocked

    @property
    def again(self) -> bool:
        """Whether another reply would mend the block, as long as the caller has seen nothing."""
        return self._line.blocked is not None and self._line.again

    @property
    def waiting(self) -> bool:
        """Somebody must be asked: `step`, before more bytes are read."""
        return self._line.waiting

    @property
    def concealed(self) -> dict[str, str]:
        """See `Policy.conceals`: of all policies that act."""
        found: dict[str, str] = {}
        for duty in self._duties.values():
            if not duty.report.monitor:
                found.update(duty.run(duty.policy.conceals) or {})
        return found

    @property
    def reports(self) -> list[Report]:
        """What each policy did, in the order of the chain."""
        return [duty.report for duty in self._duties.values()]

    def feed(self, event: Event, now: float) -> list[Event]:
        """The next event of the reply; the events that may go on."""
        return self._line.feed(event, now)

    def due(self) -> float | None:
        """When `release` must be called, on the clock of `now`; None: nothing is held."""
        return self._line.due()

    def release(self, now: float) -> list[Event]:
        """What has been held as long as it may."""
        return self._line.release(now)

    def flush(self, now: float) -> list[Event]:
        """The reply is over, whole or cut: the rest. Where it is `waiting` then, `step` gives
        the rest of the rest."""
        return self._line.flush(now)

    async def step(self) -> list[Event]:
        """Asks whoever must be asked, each within its deadline; the events that may go on."""
        return await self._line.step(self._clock)

    async def reply(self, reply: Reply) -> Reply:
        """A whole reply after every policy. Raises Refused."""
        if not self.watches_reply:
            return reply
        fold = Fold()
        for event in unfold(_finished(reply)):
            await self._fold(fold, self.feed(event, self._clock()))
        await self._fold(fold, self.flush(self._clock()))
        for report in self.reports:
            report.holds = Holds()
        if self.blocked is not None:
            raise Refused(self.blocked)
        return _as_finished(fold.reply(), reply) if self.changes_reply else reply

    @property
    def reviews(self) -> bool:
        """Whether `review` has anybody to ask."""
        watches = any(watch.reviews for watch in self._watches.values())
        return watches or any(monitor.reviews for monitor in self._monitors)

    async def review(self) -> None:
        """After the last word: policies in monitor mode that wait for somebody are asked now."""
        for watch in self._watches.values():
            await watch.review()
        for monitor in self._monitors:
            await monitor.review(self._clock)

    def end(self, outcome: Outcome) -> None:
        """The exchange is over: every policy closes, exactly once."""
        for duty in self._duties.values():
            duty.end(outcome)

    async def _fold(self, fold: Fold, events: Iterable[Event]) -> None:
        for event in events:
            fold.add(event)
        while self.waiting:
            for event in await self.step():
                fold.add(event)

    async def _ask(self, step: Step, request: Request) -> Request:
        if isinstance(step, Parallel):
            await self._ask_all(step, request)
            return request
        duty = self._duty(step)
        if duty.fault is not None:
            raise Refused(duty.fault)
        if step.terms.mode == "monitor":
            watch = self._watches[step] = RequestWatch(duty)
            await watch.see(request)
            return request
        return await duty.request(request) if not duty.off else request

    async def _ask_all(self, parallel: Parallel, request: Request) -> None:
        """Every policy at the same time, until one refuses."""
        refusals: list[Refused] = []

        async def ask(step: Step) -> None:
            try:
                await self._ask(step, request)
            except Refused as refusal:
                refusals.append(refusal)
                raise

        try:
            async with asyncio.TaskGroup() as group:
                for step in steps(parallel.nodes, self.occasion):
                    group.create_task(ask(step))
        except* Refused:
            pass
        if refusals:
            raise refusals[0]

    def _stages(self, step: Step) -> list[Stage]:
        if isinstance(step, Parallel):
            lines = [Line(self._stages(s)) for s in steps(step.nodes, self.occasion)]
            judging = [line for line in lines if line.stages]
            return [ParallelStage(step.name, judging)] if judging else []
        duty = self._duty(step)
        if duty.terms.mode != "monitor":
            return stages_of(duty)
        stages = stages_of(duty)
        if not stages:
            return []
        monitor = MonitorStage(stages)
        self._monitors.append(monitor)
        return [monitor]

    def _duty(self, link: Link) -> Duty:
        """The policy of a link, made when it is first needed."""
        duty = self._duties.get(link)
        if duty is None:
            duty = self._duties[link] = Duty(Policy(), link.terms)
            policy = duty.run(link.prepared.make, self.occasion)
            if policy is not None:
                duty.take(policy)
            duty.policy.exchange = self.occasion
            duty.policy.effects = Effects() if duty.report.monitor else self.effects
        return duty


def _finished(reply: Reply) -> Reply:
    """`reply` with a finish for each choice: what came as JSON is whole, whatever it says."""
    choices = (c if c.finish else _ended(c) for c in reply.choices)
    return replace(reply, choices=tuple(choices))


def _ended(choice: Choice) -> Choice:
    return replace(choice, finish=Finished("unknown", choice.index))


def _as_finished(changed: Reply, reply: Reply) -> Reply:
    """`changed` without the finishes that `_finished` gave it."""
    said = {choice.index for choice in reply.choices if choice.finish}
    choices = (c if c.index in said else replace(c, finish=None) for c in changed.choices)
    return replace(changed, choices=tuple(choices))
