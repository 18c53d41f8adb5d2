"""A policy's work on text: every block through a flow of its own, with a bound on the hold.

Order is kept: what refers to held text (citations, reasoning state, the block's end) waits for it.
Token probabilities repeat the text, so they go on only beside text that went on untouched.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from typing_extensions import override

from headgate.model import events as ev
from headgate.model.parts import Audio, Citation
from headgate.policies.duty import Duty
from headgate.policies.flow import Flow, run_whole
from headgate.policies.hook_flow import HookFlow, WaitingFlow
from headgate.policies.policy import Reads, waits
from headgate.policies.stage import Clock, DutyStage

_KINDS: dict[type, Reads] = {
    ev.TextBlock: "text",
    ev.RefusalBlock: "text",
    ev.ReasoningBlock: "reasoning",
}
_Delta = type[ev.TextDelta] | type[ev.ReasoningDelta] | type[ev.RefusalDelta]
_DELTAS: dict[type, _Delta] = {
    ev.TextBlock: ev.TextDelta,
    ev.RefusalBlock: ev.RefusalDelta,
    ev.ReasoningBlock: ev.ReasoningDelta,
}
_NEVER = float("inf")


class _Open:
    """One block under way. ``since``: when the oldest text that is held came."""

    __slots__ = ("changed", "delta", "flow", "pending", "queue", "scans", "since", "state")

    def __init__(self, flow: Flow, delta: _Delta, scans: bool) -> None:
        self.flow = flow
        self.delta = delta
        self.scans = scans
        self.since = _NEVER
        self.changed = False
        self.pending = ""
        self.queue: list[ev.CitationAdded] = []
        self.state: ev.StateAttached | None = None

    def compare(self, given: str) -> bool:
        """Whether all that was given so far is what came."""
        if not self.changed:
            self.changed = not self.pending.startswith(given)
            self.pending = "" if self.changed else self.pending[len(given) :]
        return not self.changed


class TextStage(DutyStage):
    """See `headgate.policies.stage.Stage`."""

    def __init__(self, duty: Duty) -> None:
        super().__init__(duty)
        self.waiting = False
        self._reads = duty.policy.reads()
        self._open: dict[int, _Open] = {}
        self._backlog: deque[ev.Event] = deque()
        self._hold_s = duty.terms.max_hold_s

    @override
    def feed(self, event: ev.Event, now: float) -> list[ev.Event]:
        if self.waiting:
            self._backlog.append(event)
            return []
        if self.duty.off:
            return [*self._give_up(), event]
        act = _ACTS.get(type(event))
        return [event] if act is None else act(self, event, now)

    @override
    def due(self) -> float | None:
        if self._hold_s is None or self.waiting:
            return None
        first = _NEVER
        for block in self._open.values():
            first = min(first, block.since)
        return None if first == _NEVER else first + self._hold_s

    @override
    def release(self, now: float) -> list[ev.Event]:
        if self._hold_s is None or self.waiting:
            return []
        events: list[ev.Event] = []
        for key, block in list(self._open.items()):
            if block.since + self._hold_s <= now:
                events += self._late(key, block, now)
        return events

    @override
    def flush(self, now: float) -> list[ev.Event]:
        events: list[ev.Event] = []
        for key, block in list(self._open.items()):
            if not self.duty.off and self.duty.fault is None:
                events += self._said(key, block, self.duty.run(block.flow.end))
            self.waiting = self.waiting or block.flow.wanting
        return events

    @override
    async def step(self, clock: Clock) -> list[ev.Event]:
        events: list[ev.Event] = []
        while self.waiting and self.duty.fault is None:
            for key, block in list(self._open.items()):
                while block.flow.wanting and self.duty.fault is None:
                    size = block.flow.held
                    given = await self.duty.wait(block.flow.ask)
                    now = clock()
                    self.duty.report.held(now - block.since, size)
                    events += self._asked(key, block, given, now)
            self.waiting = False
            while self._backlog and not self.waiting and self.duty.fault is None:
                events += self.feed(self._backlog.popleft(), clock())
        return events

    def _started(self, event: ev.BlockStarted, _now: float) -> list[ev.Event]:
        kind = _KINDS.get(type(event.block))
        if kind is not None and kind in self._reads:
            flow = self.duty.run(self.duty.policy.open_flow, kind, event.choice)
            if not self.duty.off:
                opened = flow or self._hooked(event.choice)
                delta = _DELTAS[type(event.block)]
                self._open[event.key] = _Open(opened, delta, scans=flow is not None)
        return [event]

    def _hooked(self, choice: int) -> Flow:
        policy = self.duty.policy
        make = WaitingFlow if waits(policy, "on_text") else HookFlow
        return make(policy, choice, self.duty.terms.lookback)

    def _text(
        self, event: ev.TextDelta | ev.ReasoningDelta | ev.RefusalDelta, now: float
    ) -> list[ev.Event]:
        block = self._open.get(event.key)
        if block is None:
            return [event]
        flow, text = block.flow, event.text
        before = flow.held
        given = self.duty.run(flow.feed, text)
        held = flow.held
        if given == text and not before and not held:
            return [event]
        if not block.changed:
            block.pending += text
        if held <= len(text):
            if before:
                self.duty.report.held(now - block.since, before)
            block.since = now if held else _NEVER
        elif not before:
            block.since = now
        self.waiting = flow.wanting
        return self._said(event.key, block, given)

    def _said(self, key: int, block: _Open, given: str | None) -> list[ev.Event]:
        """What a flow gave, as events; or what follows from its failure."""
        if given is None:
            if self.duty.off:
                return self._give_up()
            given = self.duty.released
        if not block.compare(given):
            self.duty.report.changed = True
        events: list[ev.Event] = [block.delta(key, given)] if given else []
        if block.queue and not block.flow.held and self.duty.fault is None:
            events += self._cited(block)
        return events

    def _late(self, key: int, block: _Open, now: float) -> list[ev.Event]:
        size = block.flow.held
        given = self.duty.run(block.flow.late)
        if block.flow.wanting:
            self.waiting = True
            return []
        self.duty.report.late += 1
        self.duty.report.held(now - block.since, size)
        block.since = _NEVER
        return self._said(key, block, given)

    def _asked(self, key: int, block: _Open, given: str | None, now: float) -> list[ev.Event]:
        block.since = now if block.flow.held else _NEVER
        return self._said(key, block, given)

    def _ended(self, event: ev.BlockEnded, now: float) -> list[ev.Event]:
        block = self._open.get(event.key)
        if block is None:
            return [event]
        size = block.flow.held
        events = self._said(event.key, block, self.duty.run(block.flow.end))
        if self.duty.fault is not None or self.duty.off:
            return [*events, event] if self.duty.off else events
        if block.flow.wanting:
            self.waiting = True
            self._backlog.appendleft(event)
            return events
        if block.since != _NEVER:
            self.duty.report.held(now - block.since, size)
        self._open.pop(event.key, None)
        changed = block.changed or bool(block.pending)
        self.duty.report.changed = self.duty.report.changed or changed
        if block.state is not None and not changed:
            events.append(block.state)
        return [*events, event]

    def _state(self, event: ev.StateAttached, _now: float) -> list[ev.Event]:
        """State signs the text as it was: it goes on beside that text only."""
        block = self._open.get(event.key)
        if block is None:
            return [event]
        block.state = event
        return []

    def _citation(self, event: ev.CitationAdded, _now: float) -> list[ev.Event]:
        block = self._open.get(event.key)
        if block is None:
            return [event]
        block.queue.append(event)
        return [] if block.flow.held else self._cited(block)

    def _cited(self, block: _Open) -> list[ev.Event]:
        queue, block.queue = block.queue, []
        events: list[ev.Event] = []
        for event in queue:
            citation = self._clean(block, event.citation)
            if self.duty.fault is not None:
                break
            events.append(ev.CitationAdded(event.key, citation))
        return events

    def _clean(self, block: _Open, citation: Citation) -> Citation:
        """A citation beside text that may have changed: its offsets and the vendor's own object
        do not fit any more, and what it quotes is text as well."""
        quoted, title = citation.cited_text, citation.title
        if block.scans:
            quoted, title = self._whole(quoted), self._whole(title)
        elif self.duty.terms.rewrites and isinstance(block.flow, WaitingFlow):
            quoted = None
        if not block.changed and (quoted, title) == (citation.cited_text, citation.title):
            return citation
        return msgspec.structs.replace(
            citation, cited_text=quoted, title=title, start=None, end=None, native=None
        )

    def _whole(self, text: str | None) -> str | None:
        if not text or self.duty.off:
            return text
        flow = self.duty.policy.open_flow("text", 0)
        given = self.duty.run(run_whole, flow, text) if flow is not None else text
        return text if given is None else given

    def _part(self, event: ev.PartAdded, _now: float) -> list[ev.Event]:
        part = event.part
        if not isinstance(part, Audio) or "text" not in self._reads:
            return [event]
        transcript = self._whole(part.transcript)
        if self.duty.fault is not None:
            return []
        if transcript == part.transcript:
            return [event]
        return [ev.PartAdded(msgspec.structs.replace(part, transcript=transcript), event.choice)]

    def _failed(self, event: ev.Failed, now: float) -> list[ev.Event]:
        events = self.flush(now)
        if self.waiting:
            self._backlog.append(event)
            return events
        return [*events, event]

    def _give_up(self) -> list[ev.Event]:
        """The policy is left out: what it holds goes on as it came."""
        events: list[ev.Event] = []
        for key, block in self._open.items():
            raw = block.flow.raw()
            if raw:
                events.append(block.delta(key, raw))
            events += block.queue
            if block.state is not None and not block.changed:
                events.append(block.state)
        self._open.clear()
        return events


_ACTS: dict[type, Callable[[TextStage, Any, float], list[ev.Event]]] = {
    ev.TextDelta: TextStage._text,
    ev.ReasoningDelta: TextStage._text,
    ev.RefusalDelta: TextStage._text,
    ev.BlockStarted: TextStage._started,
    ev.BlockEnded: TextStage._ended,
    ev.StateAttached: TextStage._state,
    ev.CitationAdded: TextStage._citation,
    ev.PartAdded: TextStage._part,
    ev.Failed: TextStage._failed,
}
