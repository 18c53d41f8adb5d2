from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.destination import Source
from headgate.dialects.messages import stream_read
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Reasoning, Text, ToolCall, Vendor
from headgate.model.usage import Usage
from tests import grammar
from tests.dialects.messages import given
from tests.streams import fold

TEXT = given.start(0, type="text", text="") + given.delta(0, "text_delta", text="hi")
CALL = given.start(1, type="tool_use", id="t", name="look", input={})
WHOLE = given.OPENED + TEXT + given.stop(0) + given.closed()


def _parts(stream: bytes, source: Source = given.ANTHROPIC) -> tuple[Any, ...]:
    events = given.read(stream, source)
    grammar.check(events, whole=True)
    return fold(events).choices[0].parts


def test_a_plain_stream() -> None:
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    assert reader.feed(WHOLE) == [
        ev.Started(
            "msg_1", "claude", extras=given.owned(usage={"input_tokens": 10, "output_tokens": 1})
        ),
        ev.UsageReported(Usage(10, 1, dialect="messages")),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "hi"),
        ev.BlockEnded(0),
        ev.UsageReported(Usage(10, 5, dialect="messages")),
        ev.Finished("end", native="end_turn"),
    ]
    assert reader.finished
    assert reader.terminated
    assert reader.end() == []
    assert reader.feed(WHOLE) == []


def test_data_without_event_names_and_names_without_types_are_understood() -> None:
    bare = b"\n".join(line for line in WHOLE.split(b"\n") if not line.startswith(b"event:"))
    assert given.read(bare) == given.read(WHOLE)
    named = b"event: message_stop\ndata: {}\n\n"
    assert given.read(WHOLE.replace(given.event("message_stop"), named)) == given.read(WHOLE)


def test_t45_a_stream_that_is_cut_has_no_finish() -> None:
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    events = [*reader.feed(given.OPENED + TEXT), *reader.end()]
    assert not reader.finished
    assert events[-1] == ev.TextDelta(0, "hi")


def test_t47_a_finish_without_the_last_word_is_a_finish() -> None:
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    events = reader.feed(
        given.OPENED + TEXT + given.closed().replace(given.event("message_stop"), b"")
    )
    assert reader.finished
    assert not reader.terminated
    assert not any(isinstance(event, ev.Finished) for event in events)
    assert reader.end() == [ev.BlockEnded(0), ev.Finished("end", native="end_turn")]
    assert reader.end() == []


def test_a_last_word_without_a_finish_is_an_end_of_unknown_reason() -> None:
    events = given.read(given.OPENED + TEXT + given.event("message_stop"))
    assert events[-1] == ev.Finished("unknown")
    grammar.check(given.read(given.event("message_stop")), whole=True)


def test_t34_usage_after_the_finish_counts() -> None:
    late = given.event("message_delta", delta={}, usage={"input_tokens": 99, "output_tokens": 6})
    stream = (
        given.OPENED
        + TEXT
        + given.stop(0)
        + given.closed().replace(given.event("message_stop"), late + given.event("message_stop"))
    )
    events = given.read(stream)
    grammar.check(events, whole=True)
    assert fold(events).usage == Usage(99, 6, dialect="messages")


def test_cached_tokens_of_the_start_count_for_the_end() -> None:
    start = given.event(
        "message_start", message={"usage": {"input_tokens": 1, "cache_read_input_tokens": 50}}
    )
    usage = fold(given.read(start + given.closed(input_tokens=2))).usage
    assert usage is not None
    assert (usage.input_tokens, usage.cached_tokens) == (52, 50)


def test_a_second_message_start_is_passed_over() -> None:
    again = given.event("message_start", message={"id": "msg_2", "model": "other", "content": []})
    events = given.read(given.OPENED + TEXT + again + given.stop(0) + given.closed())
    grammar.check(events, whole=True)
    assert fold(events).id == "msg_1"


def test_blocks_that_stand_in_the_start_are_told() -> None:
    message = {"content": [{"type": "tool_use", "id": "t", "name": "look", "input": {"a": 1}}]}
    stream = given.event("message_start", message=message) + given.closed("tool_use")
    assert _parts(stream) == (ToolCall("t", "look", '{"a":1}'),)


def test_blocks_that_never_stop_are_ended_before_the_finish() -> None:
    stream = given.OPENED + TEXT + CALL + given.closed("tool_use")
    assert _parts(stream) == (Text("hi"), ToolCall("t", "look", "{}"))


def test_deltas_before_their_start_open_a_block() -> None:
    stream = (
        given.delta(0, "thinking_delta", thinking="hm")
        + given.delta(1, "text_delta", text="hi")
        + given.delta(2, "input_json_delta", partial_json="{}")
        + given.closed()
    )
    assert _parts(stream) == (Reasoning("hm"), Text("hi"))


def test_t01_text_in_a_thinking_block_is_text() -> None:
    stream = (
        given.OPENED
        + given.start(0, type="thinking", thinking="", signature="")
        + given.delta(0, "thinking_delta", thinking="hm")
        + given.delta(0, "text_delta", text="hi")
        + given.stop(0)
        + given.closed()
    )
    assert _parts(stream) == (Reasoning("hm"), Text("hi"))


def test_a_start_on_a_used_index_ends_the_block_before() -> None:
    second = given.start(0, type="tool_use", id="u", name="see", input={})
    assert _parts(given.OPENED + TEXT + second + given.closed()) == (
        Text("hi"),
        ToolCall("u", "see", "{}"),
    )


def test_t07_calls_that_overlap_are_kept_apart() -> None:
    stream = (
        given.OPENED
        + given.start(0, type="tool_use", id="a", name="look", input={})
        + CALL
        + given.delta(0, "input_json_delta", partial_json='{"a":1}')
        + given.delta(1, "input_json_delta", partial_json='{"b":2}')
        + given.stop(1)
        + given.stop(0)
        + given.closed("tool_use")
    )
    assert _parts(stream) == (ToolCall("a", "look", '{"a":1}'), ToolCall("t", "look", '{"b":2}'))


def test_t22_a_call_with_an_ordinary_end_ends_with_tools() -> None:
    finish = fold(given.read(given.OPENED + CALL + given.closed("end_turn"))).choices[0]
    assert finish.reason == "tools"


def test_t32_the_stand_in_for_a_schema_is_an_ordinary_end() -> None:
    source = Source(vendor="anthropic", schema_tool="json_output")
    stream = (
        given.OPENED
        + given.start(0, type="tool_use", id="t", name="json_output", input={})
        + given.delta(0, "input_json_delta", partial_json='{"a":1}')
        + given.stop(0)
        + given.closed("tool_use")
    )
    events = given.read(stream, source)
    grammar.check(events, whole=True)
    choice = fold(events).choices[0]
    assert (choice.parts, choice.reason) == ((Text('{"a":1}'),), "end")


def test_what_only_this_dialect_knows_rides_whole() -> None:
    block = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]}
    stream = given.OPENED + given.event("content_block_start", index=0, content_block=block)
    assert _parts(stream + given.stop(0) + given.closed()) == (Vendor("messages", block),)


def test_facts_beside_the_finish_ride_along() -> None:
    closing = given.event(
        "message_delta",
        delta={"stop_reason": "end_turn", "stop_sequence": None, "container": {"id": "c"}},
        usage={"output_tokens": 1},
        context_management={"applied_edits": []},
    )
    last = given.read(given.OPENED + closing + given.event("message_stop"))[-1]
    assert isinstance(last, ev.Finished)
    assert last.extras == given.owned(
        context_management={"applied_edits": []}, container={"id": "c"}
    )


@pytest.mark.parametrize("before", [b"", given.OPENED, given.OPENED + TEXT])
@pytest.mark.parametrize(
    "error",
    [
        b"event: error\n"
        b'data: {"type":"error","error":{"type":"overloaded_error","message":"m"}}\n\n',
        b'data: {"type":"error","error":{"type":"overloaded_error","message":"m"}}\n\n',
        b'data: {"error":{"message":"m","code":529}}\n\n',
        b'event: error\ndata: {"message":"m","code":"529"}\n\n',
        b'event: error\r\ndata: {"error":{"message":"m","type":"overloaded_error"}}\r\n\r\n',
    ],
)
def test_t43_an_error_in_band_is_the_last_event(before: bytes, error: bytes) -> None:
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    events = [*reader.feed(before + error), *reader.feed(TEXT), *reader.end()]
    grammar.check(events)
    last = events[-1]
    assert isinstance(last, ev.Failed)
    assert (last.fault.kind, last.fault.http_status, last.fault.message) == ("overloaded", 529, "m")
    assert not reader.finished


def test_pings_comments_and_unknown_events_are_passed_over() -> None:
    noise = given.event("ping") + b": x\n\n" + given.event("novelty", a=1) + b"data: [DONE]\n\n"
    assert given.read(given.OPENED + noise + TEXT + noise + given.closed()) == given.read(
        given.OPENED + TEXT + given.closed()
    )


def test_t69_the_last_event_may_lack_its_blank_line() -> None:
    assert given.read(WHOLE.rstrip(b"\n")) == given.read(WHOLE)


def test_one_garbled_event_is_passed_over_and_three_are_too_many() -> None:
    garbled = b"data: {oops\n\n"
    assert given.read(given.OPENED + garbled + garbled + given.closed())
    with pytest.raises(StreamBroken):
        given.read(given.OPENED + garbled * 3)


def test_blocks_may_not_open_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_read, "_MOST_OPEN", 2)
    with pytest.raises(StreamBroken):
        given.read(b"".join(given.start(number, type="text", text="") for number in range(4)))


def test_t65_lone_surrogates_pass() -> None:
    stream = given.OPENED + TEXT.replace(b'"hi"', b'"\\ud83d"') + given.closed()
    assert _parts(stream) == (Text("\ud83d"),)


_VALUES: Any = (
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", '{"x":1}'])
)
_OBJECTS = st.dictionaries(
    st.sampled_from(
        [
            "type",
            "text",
            "thinking",
            "signature",
            "partial_json",
            "id",
            "name",
            "input",
            "data",
            "citation",
            "citations",
            "stop_reason",
            "usage",
            "output_tokens",
        ]
    ),
    _VALUES
    | st.sampled_from(
        [
            "text",
            "thinking",
            "tool_use",
            "redacted_thinking",
            "server_tool_use",
            "text_delta",
            "thinking_delta",
            "signature_delta",
            "input_json_delta",
            "citations_delta",
            "x_delta",
        ]
    )
    | st.just({"type": "page_location"}),
    max_size=5,
)
_EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop",
                "ping",
                "error",
                "novelty",
            ]
        )
    },
    optional={
        "index": st.integers(0, 3) | _VALUES,
        "message": _OBJECTS | _VALUES,
        "content_block": _OBJECTS | _VALUES,
        "delta": _OBJECTS | _VALUES,
        "usage": _OBJECTS | _VALUES,
        "error": _OBJECTS | _VALUES,
    },
)


@drawn(st.lists(_EVENTS, max_size=12))
def test_any_events_keep_the_grammar_and_can_be_told_again(values: list[dict[str, Any]]) -> None:
    stream = b"".join(b"data: " + msgspec.json.encode(value) + b"\n\n" for value in values)
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    events = [*reader.feed(stream), *reader.end()]
    failed = any(isinstance(event, ev.Failed) for event in events)
    grammar.check(events, whole=reader.finished and not failed)
    told = given.spoken(events)
    if told:
        grammar.check(given.read(told))


@drawn(st.lists(st.binary(max_size=80), max_size=4))
def test_any_bytes_give_events_or_a_broken_stream(chunks: list[bytes]) -> None:
    reader = given.BACKEND.open_reader(given.ANTHROPIC)
    events = []
    try:
        for chunk in chunks:
            events += reader.feed(chunk)
        events += reader.end()
    except StreamBroken:
        pass
    grammar.check(events)
