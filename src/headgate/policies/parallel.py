"""Several policies that only judge, side by side: the first that blocks ends the reply.

Every branch sees the same events. None changes any, so what all of them have let pass is counted
for each block, and goes on in the order in which it came.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from typing_extensions import override

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.policies.line import Line
from headgate.policies.stage import Clock, Stage

_TEXTS = (ev.TextDelta, ev.ReasoningDelta, ev.RefusalDelta)


class ParallelStage(Stage):
    """See `headgate.policies.stage.Stage`. `lines` holds a branch each."""

    def __init__(self, name: str, lines: Sequence[Line]) -> None:
        self._name = name
        self._fault: Fault | None = None
        self._again = False
        self._over = False
        self._lines = lines
        self._passed: list[Counter[int]] = [Counter() for _ in lines]
        self._gone: Counter[int] = Counter()
        self._queue: deque[ev.Event] = deque()

    @property
    @override
    def waiting(self) -> bool:
        return self._fault is None and any(line.waiting for line in self._lines)

    @property
    @override
    def fault(self) -> Fault | None:
        return self._fault

    @property
    @override
    def again(self) -> bool:
        return self._again

    @override
    def feed(self, event: ev.Event, now: float) -> list[ev.Event]:
        self._queue.append(event)
        return self._merge([line.feed(event, now) for line in self._lines])

    @override
    def due(self) -> float | None:
        return min((due for ln in self._lines if (due := ln.due()) is not None), default=None)

    @override
    def release(self, now: float) -> list[ev.Event]:
        return self._merge([line.release(now) for line in self._lines])

    @override
    def flush(self, now: float) -> list[ev.Event]:
        self._over = True
        return self._merge([line.flush(now) for line in self._lines])

    @override
    async def step(self, clock: Clock) -> list[ev.Event]:
        """All branches that wait, at the same time, until one blocks."""
        given: list[list[ev.Event]] = [[] for _ in self._lines]

        async def ask(number: int, line: Line) -> None:
            while line.waiting:
                given[number] += await line.step(clock)
            if line.blocked is not None:
                raise _FirstBlock

        try:
            async with asyncio.TaskGroup() as group:
                for number, line in enumerate(self._lines):
                    group.create_task(ask(number, line))
        except* _FirstBlock:
            pass
        return self._merge(given)

    def _merge(self, given: list[list[ev.Event]]) -> list[ev.Event]:
        for passed, events in zip(self._passed, given, strict=True):
            for event in events:
                passed[_lane(event)] += _weight(event)
        events = list(self._released())
        for line in self._lines:
            if line.blocked is not None:
                self._fault, self._again = line.blocked, line.again
                return events
        if self._over and self._queue and not self.waiting:
            # Only a policy that says it judges and yet changes the text comes here.
            message = f"The policy {self._name!r} could not be applied."
            self._fault = Fault(kind="policy_violation", message=message)
        return events

    def _released(self) -> Iterator[ev.Event]:
        """The head of the queue, as far as every branch has let it pass."""
        while self._queue:
            head = self._queue[0]
            lane, weight = _lane(head), _weight(head)
            most = min(passed[lane] for passed in self._passed) - self._gone[lane]
            if most >= weight:
                self._gone[lane] += weight
                yield self._queue.popleft()
                continue
            if most > 0 and isinstance(head, _TEXTS):
                self._gone[lane] += most
                yield type(head)(head.key, head.text[:most])
                self._queue[0] = type(head)(head.key, head.text[most:])
            return


class _FirstBlock(Exception):  # noqa: N818 - a signal, not an error
    """One branch blocks; the others need not be waited for."""


def _lane(event: ev.Event) -> int:
    """The block that an event belongs to; -1: none."""
    return getattr(event, "key", -1)


def _weight(event: ev.Event) -> int:
    """Text weighs its characters, because branches cut it differently; what a branch may leave
    out (state that is followed by more, probabilities without text) nothing; all else one."""
    if isinstance(event, _TEXTS):
        return len(event.text)
    return 0 if isinstance(event, ev.StateAttached) else 1
