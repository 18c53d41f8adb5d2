"""A whole reply, and the two ways between it and the events of a stream."""

from collections.abc import Iterator

import msgspec

from headgate.model import events as ev
from headgate.model.finish import FinishReason
from headgate.model.parts import (
    Citation,
    Extras,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage, merge


class Choice(msgspec.Struct, frozen=True):
    """One answer: its parts in order and why it ended (None: it never did)."""

    index: int
    parts: tuple[Part, ...]
    finish: ev.Finished | None = None

    @property
    def reason(self) -> FinishReason:
        """Why it ended, ``unknown`` where the reply does not say."""
        return self.finish.reason if self.finish else "unknown"


class Reply(msgspec.Struct, frozen=True):
    """A whole reply of a backend. ``unfinished``: its backend goes on with it in the background,
    and only its own dialect can ask for the rest."""

    id: str = ""
    model: str = ""
    created: int | None = None
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    extras: Extras | None = None
    unfinished: bool = False


class _OpenBlock:
    """One block while its deltas arrive."""

    def __init__(self, block: ev.Block) -> None:
        self.block = block
        self.texts: list[str] = []
        self.logprobs: list[Extras] = []
        self.citations: list[Citation] = []
        self.state: OpaqueState | None = None

    def part(self) -> Part:
        text = "".join(self.texts)
        match self.block:
            case ev.TextBlock(extras=extras):
                logprobs = tuple(self.logprobs) or None
                return Text(text, tuple(self.citations), logprobs, extras=extras)
            case ev.RefusalBlock():
                return Refusal(text)
            case ev.ReasoningBlock(summary=summary, extras=extras):
                return Reasoning(text, summary, self.state, extras)
            case ev.ToolCallBlock(id=id_, name=name, custom=custom, namespace=namespace) as block:
                arguments = text or ("" if custom else "{}")
                return ToolCall(id_, name, arguments, custom, namespace, extras=block.extras)


class Fold:
    """Collects the events of one stream into the reply that they make.

    Parts stand in the order in which their blocks began. A `Failed` event is kept in `failed`.
    """

    def __init__(self) -> None:
        self.started = ev.Started()
        self.usage: Usage | None = None
        self.failed: ev.Failed | None = None
        self._blocks: dict[int, _OpenBlock] = {}
        self._order: dict[int, list[_OpenBlock | Part]] = {}
        self._finish: dict[int, ev.Finished] = {}

    def add(self, event: ev.Event) -> None:
        """Takes the next event."""
        match event:
            case ev.TextDelta(key=key, text=text, logprobs=logprobs):
                self._blocks[key].texts.append(text)
                self._blocks[key].logprobs.extend(logprobs or ())
            case ev.ReasoningDelta() | ev.RefusalDelta() | ev.ArgumentsDelta():
                self._blocks[event.key].texts.append(event.text)
            case ev.BlockStarted(key=key, block=block, choice=choice):
                self._blocks[key] = opened = _OpenBlock(block)
                self._order.setdefault(choice, []).append(opened)
            case ev.StateAttached(key=key, state=state):
                self._blocks[key].state = state
            case ev.CitationAdded(key=key, citation=citation):
                self._blocks[key].citations.append(citation)
            case _:
                self._add_rare(event)

    def _add_rare(self, event: ev.Event) -> None:
        match event:
            case ev.Started():
                self.started = event
            case ev.PartAdded(part=part, choice=choice):
                self._order.setdefault(choice, []).append(part)
            case ev.UsageReported(usage=usage):
                self.usage = merge(self.usage, usage)
            case ev.Finished(choice=choice):
                self._finish[choice] = event
            case ev.Failed():
                self.failed = event
            case _:
                pass

    def reply(self) -> Reply:
        """The reply so far."""
        indexes = sorted({*self._order, *self._finish})
        choices = tuple(
            Choice(
                index,
                tuple(
                    item.part() if isinstance(item, _OpenBlock) else item
                    for item in self._order.get(index, ())
                ),
                self._finish.get(index),
            )
            for index in indexes
        )
        head = self.started
        return Reply(head.id, head.model, head.created, choices, self.usage, head.extras)


def unfold(reply: Reply) -> Iterator[ev.Event]:
    """The events that a stream of the whole `reply` would have brought, one delta a block."""
    yield ev.Started(reply.id, reply.model, reply.created, reply.extras)
    key = 0
    for choice in reply.choices:
        for part in choice.parts:
            yield from _unfold_part(part, key, choice.index)
            key += 1
        if choice.finish is not None:
            yield choice.finish
    if reply.usage is not None:
        yield ev.UsageReported(reply.usage)


def _unfold_part(  # noqa: C901 - one arm a part
    part: Part, key: int, choice: int
) -> Iterator[ev.Event]:
    match part:
        case Text(text=text, citations=citations, logprobs=logprobs, extras=extras):
            yield ev.BlockStarted(key, ev.TextBlock(extras), choice)
            if text or logprobs:
                yield ev.TextDelta(key, text, logprobs)
            for citation in citations:
                yield ev.CitationAdded(key, citation)
        case Refusal(text=text):
            yield ev.BlockStarted(key, ev.RefusalBlock(), choice)
            if text:
                yield ev.RefusalDelta(key, text)
        case Reasoning(text=text, summary=summary, extras=extras):
            yield ev.BlockStarted(key, ev.ReasoningBlock(summary, extras), choice)
            if text:
                yield ev.ReasoningDelta(key, text)
        case ToolCall(id=id_, name=name, arguments=arguments):
            block = ev.ToolCallBlock(id_, name, part.custom, part.namespace, part.extras)
            yield ev.BlockStarted(key, block, choice)
            if arguments:
                yield ev.ArgumentsDelta(key, arguments)
        case _:
            yield ev.PartAdded(part, choice)
            return
    if isinstance(part, Reasoning) and part.state is not None:
        yield ev.StateAttached(key, part.state)
    yield ev.BlockEnded(key)
