"""Random replies in the hub, told in any order that its grammar allows."""

import json
from typing import Any

from hypothesis import strategies as st

from headgate.model import events as ev
from headgate.model.parts import Part, Reasoning, Refusal, Text, ToolCall
from headgate.model.reply import Choice, Reply
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage
from tests.conformance.meaning import Answer, Call, Counts, Meaning, arguments_of, squeezed

_WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=12
).filter(str.strip)
_VALUES = st.integers(-9, 9) | _WORDS | st.lists(st.none() | st.booleans() | _WORDS, max_size=2)
_STATES = st.builds(
    OpaqueState,
    st.sampled_from(["anthropic", "openai", "google", "somebody"]),
    _WORDS,
    st.sampled_from(["signature", "encrypted", "redacted"]),
)
_NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
_TEXTS = st.builds(Text, _WORDS)
_THOUGHTS = st.builds(Reasoning, _WORDS, st.booleans(), st.none() | _STATES)
_CALLS = st.builds(
    ToolCall,
    st.from_regex(r"call_[a-z0-9]{1,9}", fullmatch=True),
    _NAMES,
    st.dictionaries(_WORDS, _VALUES, max_size=3).map(json.dumps),
)
_REASONS: tuple[Any, ...] = ("end", "length", "context_full", "filtered", "pause", "unknown")
USAGES = st.builds(
    lambda uncached, out, cached, thought: Usage(
        uncached + cached, out + thought, cached, None, None, thought
    ),
    *[st.integers(0, 9999)] * 4,
)


@st.composite
def stories(draw: st.DrawFn) -> list[ev.Event]:
    """The events of a whole reply: blocks that overlap at random, in one or two choices."""
    count = draw(st.sampled_from([1, 1, 1, 2]))
    lanes: list[list[ev.Event]] = []
    for choice in range(count):
        parts: list[Part] = draw(st.lists(_TEXTS | _THOUGHTS | _CALLS, max_size=5))
        if draw(st.sampled_from([False] * 5 + [True])):
            parts = [Refusal(draw(_WORDS))]
        for part in parts:
            lanes.append(_lane(draw, part, len(lanes), choice))
    body = _merge(draw, lanes)
    finishes = [_finish(draw, body, choice) for choice in range(count)]
    usage = [ev.UsageReported(draw(USAGES))] if draw(st.booleans()) else []
    return [ev.Started("id", "model", 7), *body, *finishes, *usage]


def _finish(draw: st.DrawFn, body: list[ev.Event], choice: int) -> ev.Finished:
    blocks = [e.block for e in body if isinstance(e, ev.BlockStarted) and e.choice == choice]
    if any(isinstance(block, ev.RefusalBlock) for block in blocks):
        return ev.Finished("refusal", choice)
    called = any(isinstance(block, ev.ToolCallBlock) for block in blocks)
    return ev.Finished("tools" if called else draw(st.sampled_from(_REASONS)), choice)


def _lane(draw: st.DrawFn, part: Part, key: int, choice: int) -> list[ev.Event]:
    """The events of one block, its words cut at random."""
    match part:
        case Text(text=text):
            return _block(draw, key, choice, ev.TextBlock(), ev.TextDelta, text)
        case Refusal(text=text):
            return _block(draw, key, choice, ev.RefusalBlock(), ev.RefusalDelta, text)
        case Reasoning(text=text, summary=summary, state=state):
            block = ev.ReasoningBlock(summary)
            lane = _block(draw, key, choice, block, ev.ReasoningDelta, text)
            if state is not None:
                lane.insert(-1, ev.StateAttached(key, state))
            return lane
        case ToolCall(id=id_, name=name, arguments=arguments):
            call = ev.ToolCallBlock(f"{id_}_{key}", name)
            return _block(draw, key, choice, call, ev.ArgumentsDelta, arguments)
        case _:
            raise AssertionError(part)


def _block(
    draw: st.DrawFn, key: int, choice: int, block: ev.Block, delta: type, words: str
) -> list[ev.Event]:
    cut = draw(st.integers(0, len(words)))
    pieces = [piece for piece in (words[:cut], words[cut:]) if piece]
    return [
        ev.BlockStarted(key, block, choice),
        *(delta(key, piece) for piece in pieces),
        ev.BlockEnded(key),
    ]


def _merge(draw: st.DrawFn, lanes: list[list[ev.Event]]) -> list[ev.Event]:
    """All lanes at once; mostly one after another, as most backends tell. Thoughts alone do not
    overlap each other: no backend thinks twice at a time."""
    if draw(st.booleans()):
        return [event for lane in lanes for event in lane]
    left = [list(lane) for lane in lanes]
    merged: list[ev.Event] = []
    thinking: int | None = None
    while any(left):
        able = [n for n, lane in enumerate(left) if lane]
        if thinking is not None:
            able = [n for n in able if n == thinking or not _begins_to_think(left[n][0])]
        number = able[draw(st.integers(0, len(able) - 1))]
        event = left[number].pop(0)
        if _begins_to_think(event):
            thinking = number
        elif number == thinking and isinstance(event, ev.BlockEnded):
            thinking = None
        merged.append(event)
    return merged


def _begins_to_think(event: ev.Event) -> bool:
    return isinstance(event, ev.BlockStarted) and isinstance(event.block, ev.ReasoningBlock)


_FINISH = {"length": "length", "context_full": "length", "filtered": "filtered", "tools": "tools"}


def meaning_of(reply: Reply) -> Meaning:
    """What a reply in the hub means."""
    usage = reply.usage
    answers = tuple(_answer(choice) for choice in reply.choices)
    if usage is None:
        return Meaning(answers)
    counts = Counts(
        usage.input_tokens or 0,
        usage.output_tokens or 0,
        usage.cached_tokens or 0,
        usage.cache_write_tokens or 0,
        usage.reasoning_tokens or 0,
    )
    return Meaning(answers, counts)


def _answer(choice: Choice) -> Answer:
    calls = [p for p in choice.parts if isinstance(p, ToolCall)]
    finish = _FINISH.get(choice.reason, "end")
    return Answer(
        text="".join(p.text for p in choice.parts if isinstance(p, Text | Refusal)),
        thought=squeezed(p.text for p in choice.parts if isinstance(p, Reasoning)),
        calls=tuple(Call(p.name, arguments_of(p.arguments)) for p in calls),
        finish="refused" if choice.reason == "refusal" else finish,
    )
