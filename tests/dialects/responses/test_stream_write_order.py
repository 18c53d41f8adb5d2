"""Whatever the hub can say, the writer says it in the dialect's order: random whole replies."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import given as for_all
from hypothesis import settings

from headgate.dialects.responses.notes import note_of
from headgate.model import events as ev
from headgate.model.finish import FinishReason
from headgate.model.parts import Citation, Reasoning, Refusal, Text, ToolCall
from headgate.model.state import OpaqueState
from headgate.model.usage import Usage
from tests import grammar
from tests.dialects.responses import given
from tests.streams import fold, named_frames

_BLOCKS: st.SearchStrategy[ev.Block] = st.one_of(
    st.just(ev.TextBlock()),
    st.builds(ev.ReasoningBlock, st.booleans()),
    st.just(ev.RefusalBlock()),
    st.builds(ev.ToolCallBlock, st.sampled_from(["c", "d", ""]), st.just("f"), st.booleans()),
    st.sampled_from(
        [
            ev.TextBlock({"responses": {"id": "msg_1", "phase": "commentary"}}),
            ev.ReasoningBlock(True, {"responses": {"id": "rs_1"}}),
            ev.ReasoningBlock(False, {"responses": {"id": "rs_1"}}),
        ]
    ),
)
_SAID: dict[type, Any] = {
    ev.TextBlock: lambda key, text: ev.TextDelta(key, text),
    ev.ReasoningBlock: lambda key, text: ev.ReasoningDelta(key, text),
    ev.RefusalBlock: lambda key, text: ev.RefusalDelta(key, text),
    ev.ToolCallBlock: lambda key, text: ev.ArgumentsDelta(key, text),
}
_REASONS: tuple[FinishReason, ...] = ("end", "tools", "stop_sequence", "unknown")


@st.composite
def _sentences(draw: st.DrawFn) -> list[ev.Event]:
    """A whole reply in the grammar of the hub, blocks overlapping at will."""
    events: list[ev.Event] = [ev.Started()]
    live: dict[int, ev.Block] = {}
    for step in range(draw(st.integers(0, 14))):
        act = draw(st.sampled_from(["open", "say", "say", "more", "close"]))
        if act == "open" or not live:
            live[step] = draw(_BLOCKS)
            events.append(ev.BlockStarted(step, live[step]))
            continue
        key = draw(st.sampled_from(sorted(live)))
        block = live[key]
        if act == "say":
            events.append(_SAID[type(block)](key, draw(st.sampled_from(["a", "é\n", '"{']))))
        elif act == "close":
            del live[key]
            events.append(ev.BlockEnded(key))
        elif isinstance(block, ev.ReasoningBlock):
            events.append(ev.StateAttached(key, OpaqueState("openai", f"s{step}", "encrypted")))
        elif isinstance(block, ev.TextBlock):
            events.append(ev.CitationAdded(key, Citation(url="https://x")))
        else:
            events.append(ev.UsageReported(Usage(1, step)))
    events += [ev.BlockEnded(key) for key in live]
    return [*events, ev.Finished(draw(st.sampled_from(_REASONS)))]


@settings(max_examples=120, deadline=None)
@for_all(_sentences())
def test_whatever_is_said_the_official_client_understands_it(events: list[ev.Event]) -> None:
    grammar.check(events, whole=True)
    stream = given.spoken(*events)
    _check_order(named_frames(stream))
    final = given.accumulate(stream)
    said: dict[str, list[str]] = {}
    for item in final["output"]:
        for part in item.get("content") or []:
            said.setdefault(part["type"], []).append(part.get("text") or part.get("refusal", ""))
        for part in item.get("summary") or []:
            said.setdefault("summary", []).append(part["text"])
        if "arguments" in item or "input" in item:
            said.setdefault("calls", []).append(item.get("arguments", item.get("input", "")))
    assert {kind: sorted(texts) for kind, texts in said.items()} == _expected(events)


@settings(max_examples=60, deadline=None)
@for_all(_sentences())
def test_what_is_written_is_read_as_what_was_said(events: list[ev.Event]) -> None:
    read = given.read(given.spoken(*events))
    grammar.check(read, whole=True)
    assert _meanings(read) == _meanings(events)


def _expected(events: list[ev.Event]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for part in fold(events).choices[0].parts:
        match part:
            case Text(text=text, citations=citations) if text or citations or part.extras:
                said.setdefault("output_text", []).append(text)
            case Refusal(text=text) if text:
                said.setdefault("refusal", []).append(text)
            case Reasoning(text=text, summary=summary, extras=extras) if text:
                kind = "summary" if summary or not note_of(extras) else "reasoning_text"
                said.setdefault(kind, []).append(text)
            case ToolCall(arguments=arguments):
                said.setdefault("calls", []).append(arguments)
            case _:
                pass
    return {kind: sorted(texts) for kind, texts in said.items()}


def _meanings(events: list[ev.Event]) -> list[Any]:
    """What was said, without the order in which overlapping blocks began to speak."""
    return sorted(_expected(events).items())


def _check_order(frames: list[dict[str, Any]]) -> None:
    """Every item is added once, then speaks, then is done; parts are added before they speak."""
    assert [frame["sequence_number"] for frame in frames] == list(range(len(frames)))
    kinds = [frame["type"].removeprefix("response.") for frame in frames]
    assert kinds[:2] == ["created", "in_progress"]
    assert kinds[-1] == "completed"
    alive: dict[int, str] = {}
    over: set[int] = set()
    for kind, frame in zip(kinds[2:-1], frames[2:-1], strict=True):
        place = frame["output_index"]
        assert place not in over
        if kind == "output_item.added":
            assert place == len(alive)
            alive[place] = frame["item"]["id"]
        elif kind == "output_item.done":
            assert frame["item"]["id"] == alive[place]
            over.add(place)
        else:
            assert frame["item_id"] == alive[place]
    assert over == set(alive)
    assert len(set(alive.values())) == len(alive)
