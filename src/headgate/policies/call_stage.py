"""A policy's work on tool calls: each is held until it is whole, then dropped, changed or answered.

Order is kept within a choice: what follows a call waits until the call is decided. Where the
policy answers calls with text, everything from the first call on waits for the choice's end,
because text after a tool call is something that no model writes and some clients refuse: an
answer is then put before the calls that stay. An empty reasoning block before a call signs it
(see `headgate.model.events.StateAttached`) and shares its fate.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from typing_extensions import override

from headgate.model import events as ev
from headgate.model.finish import settle
from headgate.model.parts import ToolCall
from headgate.policies.duty import Duty, awaited
from headgate.policies.policy import DROP, waits
from headgate.policies.stage import Clock, DutyStage
from headgate.wire.json_text import object_or_none

MOST_ARGUMENTS = 4 * 1024 * 1024
"""Characters of one call's arguments; a longer call is a failure of the policy to see it whole."""


class _Call:
    """One call while it arrives, with the blocks that sign it."""

    def __init__(self, started: ev.BlockStarted, block: ev.ToolCallBlock) -> None:
        self.events: list[ev.Event] = [started]
        self.block = block
        self.key = started.key
        self.choice = started.choice
        self.size = 0
        self.signs: list[ev.Event] = []
        self.whole = False
        self.decided = False
        self.answer: str | None = None
        self.kept = True

    def call(self) -> ToolCall:
        block = self.block
        text = "".join(e.text for e in self.events if isinstance(e, ev.ArgumentsDelta))
        arguments = text or ("" if block.custom else "{}")
        return ToolCall(
            block.id, block.name, arguments, block.custom, block.namespace, extras=block.extras
        )

    def change(self, call: ToolCall) -> None:
        block = ev.ToolCallBlock(call.id, call.name, call.custom, call.namespace, call.extras)
        self.events = [ev.BlockStarted(self.key, block, self.choice)]
        if call.arguments:
            self.events.append(ev.ArgumentsDelta(self.key, call.arguments))
        self.events.append(ev.BlockEnded(self.key))

    def said(self) -> list[ev.Event]:
        if self.answer is not None:
            return [
                ev.BlockStarted(self.key, ev.TextBlock(), self.choice),
                ev.TextDelta(self.key, self.answer),
                ev.BlockEnded(self.key),
            ]
        return [*self.signs, *self.events] if self.kept else []


class _Sign:
    """A reasoning block without text so far: perhaps the signature of the call that follows.
    ``plain``: it is not."""

    def __init__(self, started: ev.BlockStarted) -> None:
        self.events: list[ev.Event] = [started]
        self.ended = False
        self.plain = False


_Item = _Call | _Sign | ev.Event


class _Choice:
    """What waits in one choice, in order; how many calls went on, and how many did not."""

    def __init__(self) -> None:
        self.items: deque[_Item] = deque()
        self.kept = 0
        self.gone = 0

    def say(self, item: _Item) -> list[ev.Event]:
        if isinstance(item, _Sign):
            return item.events
        if not isinstance(item, _Call):
            return [item]
        stays = item.kept and item.answer is None
        self.kept += stays
        self.gone += not stays
        return item.said()

    def settle_signs(self) -> None:
        """No call follows: what might have been signatures is plain reasoning."""
        for item in self.items:
            if isinstance(item, _Sign) and item.ended:
                item.plain = True


class CallStage(DutyStage):
    """See `headgate.policies.stage.Stage`."""

    def __init__(self, duty: Duty) -> None:
        super().__init__(duty)
        self.waiting = False
        self._choices: dict[int, _Choice] = {}
        self._choice_of: dict[int, _Choice] = {}
        self._calls: dict[int, _Call] = {}
        self._signs: dict[int, _Sign] = {}
        self._backlog: deque[ev.Event] = deque()
        self._waits = waits(duty.policy, "on_tool_call")
        self._to_the_end = duty.policy.answers_calls

    @override
    def feed(self, event: ev.Event, now: float) -> list[ev.Event]:
        if self.waiting:
            self._backlog.append(event)
            return []
        if self.duty.off:
            return [*self._give_up(), event]
        if type(event) is ev.TextDelta and not self._choice_of[event.key].items:
            return [event]
        act = _ACTS.get(type(event))
        return [event] if act is None else act(self, event, now)

    @override
    def flush(self, now: float) -> list[ev.Event]:
        """Calls that never became whole were never seen and are left out."""
        events: list[ev.Event] = []
        for choice in self._choices.values():
            choice.items = deque(i for i in choice.items if not isinstance(i, _Call) or i.decided)
            events += self._all(choice)
        return events

    @override
    async def step(self, clock: Clock) -> list[ev.Event]:
        events: list[ev.Event] = []
        while self.waiting and self.duty.fault is None:
            for call in list(self._calls.values()):
                if call.whole and self.duty.works():
                    original = self._present(call)
                    hook = self.duty.policy.on_tool_call
                    given = await self.duty.wait(awaited, hook, original)
                    self._apply(call, original, given)
                    if self.duty.works():
                        events += self._drain(self._choices[call.choice])
            self.waiting = False
            while self._backlog and not self.waiting and self.duty.fault is None:
                events += self.feed(self._backlog.popleft(), clock())
        return events

    def _choice(self, index: int) -> _Choice:
        return self._choices.setdefault(index, _Choice())

    def _started(self, event: ev.BlockStarted, _now: float) -> list[ev.Event]:
        choice = self._choice_of[event.key] = self._choice(event.choice)
        match event.block:
            case ev.ToolCallBlock() as block:
                call = self._calls[event.key] = _Call(event, block)
                last = choice.items[-1] if choice.items else None
                if isinstance(last, _Sign) and last.ended:
                    choice.items.pop()
                    call.signs = last.events
                return self._queue(choice, call)
            case ev.ReasoningBlock():
                sign = self._signs[event.key] = _Sign(event)
                return self._queue(choice, sign)
            case _:
                return self._queue(choice, event)

    def _queue(self, choice: _Choice, item: _Item) -> list[ev.Event]:
        choice.settle_signs()
        choice.items.append(item)
        return self._drain(choice)

    def _part(self, event: ev.PartAdded, _now: float) -> list[ev.Event]:
        return self._queue(self._choice(event.choice), event)

    def _failed(self, event: ev.Failed, now: float) -> list[ev.Event]:
        return [*self.flush(now), event]

    def _inside(self, event: Any, _now: float) -> list[ev.Event]:
        """An event inside a block."""
        key: int = event.key
        choice = self._choice_of[key]
        if key in self._signs:
            return self._in_sign(choice, self._signs[key], event)
        call = self._calls.get(key)
        if call is None:
            if not choice.items:
                return [event]
            choice.items.append(event)
            return []
        call.events.append(event)
        if isinstance(event, ev.ArgumentsDelta):
            call.size += len(event.text)
            if call.size > MOST_ARGUMENTS:
                self.duty.fail(f"a tool call has more than {MOST_ARGUMENTS} characters")
                return self._give_up() if self.duty.off else []
            return []
        call.whole = True
        return self._decide(choice, call)

    def _in_sign(self, choice: _Choice, sign: _Sign, event: ev.Event) -> list[ev.Event]:
        sign.events.append(event)
        sign.ended = isinstance(event, ev.BlockEnded)
        sign.plain = isinstance(event, ev.ReasoningDelta)
        if sign.ended or sign.plain:
            key = sign.events[0].key if isinstance(sign.events[0], ev.BlockStarted) else -1
            del self._signs[key]
        return self._drain(choice)

    def _decide(self, choice: _Choice, call: _Call) -> list[ev.Event]:
        if self._waits:
            self.waiting = True
            return []
        original = self._present(call)
        given = self.duty.run(self.duty.policy.on_tool_call, original)
        self._apply(call, original, given)
        if self.duty.fault is not None:
            return []
        return self._give_up() if self.duty.off else self._drain(choice)

    def _present(self, call: _Call) -> ToolCall:
        self.duty.policy.choice = call.choice
        return call.call()

    def _apply(self, call: _Call, original: ToolCall, given: Any) -> None:
        """Takes the verdict: see `ToolVerdict`."""
        if not self.duty.works():
            return
        self._calls.pop(call.key, None)
        call.decided = True
        if given is None or given == original:
            return
        self.duty.report.changed = True
        if given is DROP or given == "":
            call.kept = False
        elif isinstance(given, str):
            call.answer = given
        elif isinstance(given, ToolCall) and _is_legal(original, given):
            call.change(given)
        else:
            call.decided = False
            self.duty.fail(_wrong(given))

    def _drain(self, choice: _Choice) -> list[ev.Event]:
        """What no undecided call stands before."""
        events: list[ev.Event] = []
        while choice.items:
            head = choice.items[0]
            if isinstance(head, _Call) and (self._to_the_end or not head.decided):
                break
            if isinstance(head, _Sign) and not head.plain:
                break
            events += choice.say(choice.items.popleft())
        return events

    def _all(self, choice: _Choice) -> list[ev.Event]:
        items, choice.items = list(choice.items), deque()
        answers = [i for i in items if isinstance(i, _Call) and i.answer is not None]
        stays = [i for i in items if isinstance(i, _Call) and i.kept and i.answer is None]
        if answers and stays:
            items = [item for item in items if item not in answers]
            first = items.index(stays[0])
            items[first:first] = answers
        return [event for item in items for event in choice.say(item)]

    def _finish(self, event: ev.Finished, _now: float) -> list[ev.Event]:
        choice = self._choice(event.choice)
        events = self._all(choice)
        if choice.gone and not choice.kept:
            reason = settle(event.reason, tool_called=False)
            if reason != event.reason:
                event = msgspec.structs.replace(event, reason=reason, native=None)
        return [*events, event]

    def _give_up(self) -> list[ev.Event]:
        """The policy is left out: undecided calls go on as they came, in so far as they came."""
        events: list[ev.Event] = []
        for choice in self._choices.values():
            events += self._all(choice)
        self._calls.clear()
        self._signs.clear()
        return events


def _is_legal(original: ToolCall, given: ToolCall) -> bool:
    """Whether what a policy made of a call is one: arguments that were a JSON object stay one."""
    texts = (given.id, given.name, given.arguments)
    if not all(isinstance(text, str) for text in texts) or not given.name:
        return False
    if given.custom or object_or_none(original.arguments) is None:
        return True
    return object_or_none(given.arguments) is not None


def _wrong(given: Any) -> str:
    if isinstance(given, ToolCall):
        return "on_tool_call made the call's arguments something else than a JSON object"
    return f"on_tool_call gave {type(given).__name__} where a verdict is due"


_ACTS: dict[type, Callable[[CallStage, Any, float], list[ev.Event]]] = {
    ev.BlockStarted: CallStage._started,
    ev.TextDelta: CallStage._inside,
    ev.ReasoningDelta: CallStage._inside,
    ev.RefusalDelta: CallStage._inside,
    ev.ArgumentsDelta: CallStage._inside,
    ev.StateAttached: CallStage._inside,
    ev.CitationAdded: CallStage._inside,
    ev.BlockEnded: CallStage._inside,
    ev.PartAdded: CallStage._part,
    ev.Finished: CallStage._finish,
    ev.Failed: CallStage._failed,
}
"""What begins and what is told of tokens passes."""
