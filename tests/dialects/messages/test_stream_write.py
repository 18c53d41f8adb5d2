from typing import Any

import anthropic
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.finish import FinishReason
from headgate.model.parts import Audio, Citation, Image, Url, Vendor
from headgate.model.state import OpaqueState, seal
from headgate.model.usage import Usage
from tests import grammar
from tests.dialects.messages import given
from tests.streams import named_frames

START = ev.Started("chatcmpl-1", "gpt")
END = ev.Finished("end")


def _text(key: int, *texts: str) -> list[ev.Event]:
    said: list[ev.Event] = [ev.TextDelta(key, text) for text in texts]
    return [ev.BlockStarted(key, ev.TextBlock()), *said, ev.BlockEnded(key)]


def _call(key: int, *texts: str, id_: str = "") -> list[ev.Event]:
    said: list[ev.Event] = [ev.ArgumentsDelta(key, text) for text in texts]
    block = ev.ToolCallBlock(id_ or f"call_{key}", "look")
    return [ev.BlockStarted(key, block), *said, ev.BlockEnded(key)]


def _shape(*events: ev.Event) -> list[str]:
    return given.blocks(given.spoken([START, *events]))[1:-2]


def test_a_plain_reply() -> None:
    stream = given.spoken(
        [START, *_text(0, "a", "b"), END, ev.UsageReported(Usage(9, 4, 3))], input_estimate=8
    )
    assert named_frames(stream) == [
        {
            "type": "message_start",
            "message": {
                "id": f"msg_{given.SEED[:24]}",
                "type": "message",
                "role": "assistant",
                "model": "fast",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 8,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "output_tokens": 0,
                },
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {
                "input_tokens": 6,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 3,
                "output_tokens": 4,
            },
        },
        {"type": "message_stop"},
    ]


def test_each_event_is_written_when_it_comes() -> None:
    writer = given.CALLER.open_writer(given.context())
    sizes = [len(writer.write(event)) > 0 for event in [START, *_text(0, "a", "b"), END]]
    assert sizes == [True, False, True, True, True, False]


def test_t03_no_empty_text_block_before_a_call() -> None:
    assert _shape(*_text(0), *_call(1, "{}"), ev.Finished("tools")) == [
        "start 0 tool_use",
        "input_json_delta 0",
        "stop 0",
    ]


def test_t16_no_empty_blocks_at_all() -> None:
    empty: list[ev.Event] = [ev.BlockStarted(0, ev.ReasoningBlock()), ev.BlockEnded(0), *_text(1)]
    assert _shape(*empty, END) == []


def test_t04_t05_blocks_are_in_sequence_and_counted_without_gaps() -> None:
    thought: list[ev.Event] = [ev.BlockStarted(5, ev.ReasoningBlock()), ev.ReasoningDelta(5, "hm")]
    assert _shape(*thought, *_text(9, "hi"), ev.BlockEnded(5), *_call(2, '{"a":1}'), END) == [
        "start 0 thinking", "thinking_delta 0", "signature_delta 0", "stop 0",
        "start 1 text", "text_delta 1", "stop 1",
        "start 2 tool_use", "input_json_delta 2", "stop 2",
    ]  # fmt: skip


def test_t12_interleaved_calls_come_out_whole() -> None:
    a, b = _call(0, '{"a":', "1}"), _call(1, '{"b":', "2}")
    mixed = [a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]]
    stream = given.spoken([START, *mixed, ev.Finished("tools")])
    content = given.accumulate(stream)["content"]
    assert [block["input"] for block in content] == [{"a": 1}, {"b": 2}]


def test_calls_in_sequence_without_end_marks_stream_live() -> None:
    writer = given.CALLER.open_writer(given.context())
    a, b = _call(0, '{"a":1}'), _call(1, '{"b":', "2}")
    for event in (START, a[0], a[1]):
        assert writer.write(event)
    live = [writer.write(event) for event in b[:3]]
    assert given.blocks(live[0]) == ["stop 0", "start 1 tool_use"]
    assert given.blocks(live[1]) == ["input_json_delta 1"]
    assert given.blocks(live[2]) == ["input_json_delta 1"]


def test_a_call_without_arguments_has_no_delta() -> None:
    assert _shape(*_call(0), ev.Finished("tools")) == ["start 0 tool_use", "stop 0"]


def test_t21_one_signature_and_it_is_the_last_and_last_one() -> None:
    own = OpaqueState("anthropic", "sig")
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.ReasoningBlock()),
        ev.StateAttached(0, OpaqueState("anthropic", "si")),
        ev.ReasoningDelta(0, "hm"),
        ev.StateAttached(0, own),
        ev.BlockEnded(0),
    ]
    stream = given.spoken([START, *events, END])
    assert given.blocks(stream)[1:-2] == [
        "start 0 thinking", "thinking_delta 0", "signature_delta 0", "stop 0",
    ]  # fmt: skip
    assert given.accumulate(stream)["content"][0]["signature"] == "sig"


@pytest.mark.parametrize("issuer", ["openai", "google"])
def test_foreign_state_alone_is_sealed_thinking_without_words(issuer: str) -> None:
    state = OpaqueState(issuer, "enc", "encrypted", "rs_1")
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.ReasoningBlock(True)),
        ev.StateAttached(0, state),
        ev.BlockEnded(0),
        *_call(1, "{}"),
    ]
    content = given.accumulate(given.spoken([START, *events, END]))["content"]
    assert content[0] == {"type": "thinking", "thinking": "", "signature": seal(state)}


def test_redacted_state_is_redacted_thinking() -> None:
    state = OpaqueState("anthropic", "x", "redacted")
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.ReasoningBlock()),
        ev.StateAttached(0, state),
        ev.BlockEnded(0),
    ]
    assert _shape(*events, END) == ["start 0 redacted_thinking", "stop 0"]


def test_state_that_comes_after_others_spoke_is_kept() -> None:
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.ReasoningBlock()),
        ev.ReasoningDelta(0, "hm"),
        *_text(1, "hi"),
        ev.StateAttached(0, OpaqueState("openai", "enc", "encrypted")),
        ev.BlockEnded(0),
    ]
    assert _shape(*events, END)[-3:] == ["start 2 thinking", "signature_delta 2", "stop 2"]


def test_a_refusal_is_text_and_ends_as_one() -> None:
    events: list[ev.Event] = [
        START,
        ev.BlockStarted(0, ev.RefusalBlock()),
        ev.RefusalDelta(0, "No."),
        ev.BlockEnded(0),
        ev.Finished("refusal"),
    ]
    message = given.accumulate(given.spoken(events))
    assert message["content"] == [{"type": "text", "text": "No."}]
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"]["type"] == "refusal"


def test_citations_follow_their_words() -> None:
    cited = ev.CitationAdded(0, Citation("https://x", "X"))
    events: list[ev.Event] = [
        ev.BlockStarted(0, ev.TextBlock()),
        cited,
        ev.TextDelta(0, "a"),
        cited,
        ev.BlockEnded(0),
    ]
    assert _shape(*events, END) == [
        "start 0 text", "text_delta 0", "citations_delta 0", "citations_delta 0", "stop 0",
    ]  # fmt: skip


def test_what_has_no_words_is_listed_once() -> None:
    writer = given.CALLER.open_writer(given.context())
    events: list[ev.Event] = [
        START,
        ev.PartAdded(Image(Url("https://x"))),
        ev.PartAdded(Image(Url("https://y"))),
        ev.PartAdded(Vendor("responses", {"type": "web_search_call"})),
        ev.PartAdded(Audio("AAAA", transcript="hi")),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.CitationAdded(0, Citation(title="file")),
        ev.CitationAdded(0, Citation("https://x")),
        ev.BlockEnded(0),
        ev.BlockStarted(1, ev.TextBlock()),
        ev.TextDelta(1, "", ({"token": "x"},)),
        ev.BlockEnded(1),
        ev.BlockStarted(2, ev.TextBlock(), choice=1),
        ev.TextDelta(2, "second answer"),
        ev.BlockEnded(2),
        ev.PartAdded(Image(Url("https://z")), choice=1),
        ev.Finished("length", choice=1),
        END,
    ]
    stream = b"".join(writer.write(event) for event in events) + writer.end()
    assert writer.losses == ["image", "web_search_call", "audio", "citations", "logprobs", "n"]
    message = given.accumulate(stream)
    assert message["content"] == [{"type": "text", "text": "hi"}]
    assert message["stop_reason"] == "end_turn"


def test_t33_usage_after_the_finish_is_told() -> None:
    stream = given.spoken([START, *_text(0, "a"), END, ev.UsageReported(Usage(7, 3))])
    assert given.accumulate(stream)["usage"]["output_tokens"] == 3


def test_t35_reports_replace_each_other() -> None:
    reports = [ev.UsageReported(Usage(7, 1)), ev.UsageReported(Usage(output_tokens=9))]
    usage = given.accumulate(given.spoken([START, *reports, END]))["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (7, 9)


def test_without_a_report_the_estimate_stands() -> None:
    usage = given.accumulate(given.spoken([START, END], input_estimate=33))["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (33, 0)


@pytest.mark.parametrize("reason", ["end", "length", "tools", "pause", "filtered", "unknown"])
def test_the_finish_is_told(reason: FinishReason) -> None:
    assert given.accumulate(given.spoken([START, ev.Finished(reason)]))["stop_reason"]


def test_t28_without_a_finish_the_reason_is_still_told() -> None:
    assert given.accumulate(given.spoken([START, *_call(0, "{}")]))["stop_reason"] == "tool_use"


def test_a_failure_is_an_error_event_and_the_last_word() -> None:
    writer = given.CALLER.open_writer(given.context())
    head = b"".join(writer.write(event) for event in [START, *_text(0, "a")[:2]])
    fault = Fault(kind="timeout", message="Too slow.")
    said = writer.fail(fault)
    assert said == (
        b"event: error\ndata: "
        b'{"type":"error","error":{"type":"timeout_error","message":"Too slow."}}\n\n'
    )
    assert writer.write(ev.TextDelta(0, "more")) == writer.end() == writer.fail(fault) == b""
    with pytest.raises(anthropic.APIStatusError, match="Too slow"):
        given.accumulate(head + said)


def test_a_broken_tool_call_ends_in_an_error() -> None:
    stream = given.spoken([START, ev.Finished("broken_tool_call")])
    assert given.blocks(stream) == ["message_start", "error"]


def test_nothing_follows_the_end() -> None:
    writer = given.CALLER.open_writer(given.context())
    writer.write(START)
    assert writer.write(START) == b""
    assert writer.end()
    assert writer.end() == writer.write(ev.TextDelta(0, "x")) == b""


def test_a_reply_that_never_began_has_no_end() -> None:
    assert given.CALLER.open_writer(given.context()).end() == b""


def test_a_custom_tools_input_is_json_here() -> None:
    events: list[ev.Event] = [
        START,
        ev.BlockStarted(0, ev.ToolCallBlock("c", "patch", custom=True)),
        ev.ArgumentsDelta(0, "*** "),
        ev.ArgumentsDelta(0, "Begin"),
        ev.BlockEnded(0),
        ev.Finished("tools"),
    ]
    content = given.accumulate(given.spoken(events))["content"]
    assert content[0]["input"] == {"input": "*** Begin"}


_PIECES = ["a", '{"x":', "1", "}", '"', "{}", ""]


@st.composite
def _streams(draw: Any) -> list[ev.Event]:
    """Sentences of the hub with blocks that overlap at will."""
    events: list[ev.Event] = [START]
    open_: dict[int, ev.Block] = {}
    made = 0
    for _ in range(draw(st.integers(0, 25))):
        step = draw(st.integers(0, 5))
        if step == 0 or not open_:
            block = draw(
                st.sampled_from(
                    [
                        ev.TextBlock(),
                        ev.ReasoningBlock(),
                        ev.RefusalBlock(),
                        ev.ToolCallBlock(f"c{made}", "look"),
                        ev.ToolCallBlock(f"c{made}", "patch", custom=True),
                    ]
                )
            )
            open_[made] = block
            events.append(ev.BlockStarted(made, block, draw(st.sampled_from([0, 0, 0, 1]))))
            made += 1
            continue
        if step == 1:
            events.append(ev.PartAdded(Vendor("messages", {"type": "fallback", "n": len(events)})))
            continue
        key = draw(st.sampled_from(sorted(open_)))
        if step == 2:
            del open_[key]
            events.append(ev.BlockEnded(key))
        else:
            events.extend(_grown(open_[key], key, draw(st.sampled_from(_PIECES))))
    events.extend(ev.BlockEnded(key) for key in open_)
    return [*events, END, ev.UsageReported(Usage(1, 2))]


def _grown(block: ev.Block, key: int, text: str) -> list[ev.Event]:
    if isinstance(block, ev.ReasoningBlock):
        if not text:
            return [ev.StateAttached(key, OpaqueState("openai", "s", "encrypted"))]
        return [ev.ReasoningDelta(key, text)]
    if isinstance(block, ev.TextBlock):
        return [ev.TextDelta(key, text)] if text else [ev.CitationAdded(key, Citation("u"))]
    if isinstance(block, ev.RefusalBlock):
        return [ev.RefusalDelta(key, text)] if text else []
    return [ev.ArgumentsDelta(key, text)] if text else []


@settings(max_examples=80)
@drawn(_streams())
def test_whatever_overlaps_what_is_written_is_a_sentence(events: list[ev.Event]) -> None:
    grammar.check(events, whole=True)
    stream = given.spoken(events)
    open_ = -1
    count = 0
    for value in named_frames(stream):
        if value["type"] == "content_block_start":
            assert (value["index"], open_) == (count, -1)
            open_, count = count, count + 1
        elif value["type"] == "content_block_delta":
            assert value["index"] == open_
        elif value["type"] == "content_block_stop":
            assert value["index"] == open_
            open_ = -1
    assert open_ == -1
    again = given.read(stream)
    grammar.check(again, whole=True)
    assert _said(again) == _said(events)


def _said(events: list[ev.Event]) -> tuple[str, str, list[str]]:
    """The prose, the thought and the plain calls of answer 0, as far as order is free."""
    blocks: dict[int, ev.Block] = {}
    prose: list[str] = []
    thought: list[str] = []
    calls: dict[str, str] = {}
    for event in events:
        if isinstance(event, ev.BlockStarted) and event.choice == 0:
            blocks[event.key] = event.block
            if isinstance(event.block, ev.ToolCallBlock) and event.block.name == "look":
                calls.setdefault(event.block.id, "")
        elif isinstance(event, ev.TextDelta | ev.RefusalDelta) and event.key in blocks:
            prose.extend(event.text)
        elif isinstance(event, ev.ReasoningDelta) and event.key in blocks:
            thought.extend(event.text)
        elif isinstance(event, ev.ArgumentsDelta):
            block = blocks.get(event.key)
            if isinstance(block, ev.ToolCallBlock) and block.name == "look":
                calls[block.id] += event.text
    return "".join(sorted(prose)), "".join(sorted(thought)), sorted(calls)
