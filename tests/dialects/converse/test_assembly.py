"""Converse events as blocks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.converse.assembly import MOST_OPEN, Assembly
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Image, Inline, Reasoning, Text, ToolCall, Vendor
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState
from tests import grammar
from tests.dialects.converse.drive import (
    METADATA,
    START,
    begin,
    delta,
    over,
    parts,
    read,
    stop,
    stream,
    tool,
)
from tests.streams import fold


def test_text_and_reasoning_begin_with_their_first_delta() -> None:
    assert parts(
        delta(0, reasoningContent={"text": "I "}),
        delta(0, reasoningContent={"text": "think"}),
        delta(0, reasoningContent={"signature": "sig"}),
        over(0),
        delta(1, text="Hel"),
        delta(1, text="lo"),
        over(1),
    ) == (Reasoning("I think", state=OpaqueState("anthropic", "sig")), Text("Hello"))


def test_redacted_reasoning_is_state_without_words() -> None:
    assert parts(delta(0, reasoningContent={"redactedContent": "xx"}), over(0)) == (
        Reasoning(state=OpaqueState("anthropic", "xx", "redacted")),
    )


def test_tool_calls_stream_their_input() -> None:
    assert parts(*tool(0, "t1", "f", '{"a"', ":1}"), *tool(1, "t2", "g")) == (
        ToolCall("t1", "f", '{"a":1}'),
        ToolCall("t2", "g", "{}"),
    )


def test_t23_a_call_is_tools_whatever_bedrock_says() -> None:
    events = read(stream(START, *tool(0, "t", "f"), stop("end_turn")))

    assert events[-1] == ev.Finished("tools", native="end_turn")


def test_blocks_that_overlap_or_lack_their_end_are_kept_apart() -> None:
    events = read(
        stream(
            START,
            begin(0, toolUse={"toolUseId": "a", "name": "f"}),
            begin(1, toolUse={"toolUseId": "b", "name": "g"}),
            delta(0, toolUse={"input": "{}"}),
            delta(1, toolUse={"input": '{"x":1}'}),
            stop("tool_use"),
        )
    )

    grammar.check(events, whole=True)
    assert fold(events).choices[0].parts == (ToolCall("a", "f"), ToolCall("b", "g", '{"x":1}'))


def test_another_kind_at_the_same_index_is_a_new_block() -> None:
    assert parts(delta(0, reasoningContent={"text": "hm"}), delta(0, text="a"), over(0)) == (
        Reasoning("hm"),
        Text("a"),
    )


def test_names_map_back_and_custom_tools_get_their_raw_input() -> None:
    source = Source(
        vendor="anthropic",
        tools={"ns__f": ToolRef("f", "ns"), "patch": ToolRef("patch", custom=True)},
    )

    assert parts(
        *tool(0, "a", "ns__f"), *tool(1, "b", "patch", '{"inp', 'ut":"raw\\n"}'), source=source
    ) == (ToolCall("a", "f", namespace="ns"), ToolCall("b", "patch", "raw\n", custom=True))


def test_t32_the_schema_tool_is_the_answers_text() -> None:
    source = Source(vendor="anthropic", schema_tool="json_answer")
    data = stream(START, *tool(0, "t", "json_answer", '{"a"', ":1}"), stop("tool_use"))
    events = read(data, source)

    assert fold(events).choices[0].parts == (Text('{"a":1}'),)
    assert events[-1] == ev.Finished("end", native="tool_use")


def test_t20_only_the_first_call_passes_where_one_is_wanted() -> None:
    source = Source(vendor="anthropic", one_tool_call=True)

    assert parts(*tool(0, "a", "f", "{}"), *tool(1, "b", "g", "{}"), source=source) == (
        ToolCall("a", "f"),
    )


def test_citations_belong_to_the_text_of_their_block() -> None:
    (words,) = parts(delta(0, citation={"title": "T"}), delta(0, text="said"), over(0))

    assert isinstance(words, Text)
    assert (words.text, words.citations[0].title) == ("said", "T")


def test_pictures_come_whole_and_foreign_blocks_as_they_are() -> None:
    start = {"toolResult": {"toolUseId": "s", "status": "success"}}
    told = {"toolResult": [{"text": "x"}]}
    server = {"toolUse": {"toolUseId": "s", "name": "web", "type": "server_tool_use"}}

    assert parts(
        begin(0, image={"format": "png"}),
        delta(0, image={"source": {"bytes": "AA=="}}),
        over(0),
        begin(1, **server),
        delta(1, toolUse={"input": "{}"}),
        over(1),
        begin(2, **start),
        delta(2, **told),
        over(2),
    ) == (
        Image(Inline("image/png", "AA==")),
        Vendor("converse", {**server, "deltas": [{"toolUse": {"input": "{}"}}]}),
        Vendor("converse", {**start, "deltas": [told]}),
    )


def test_a_call_without_an_id_gets_one() -> None:
    call, again = (
        parts(begin(0, toolUse={"name": "f"}), delta(0, toolUse={"input": "{}"}), over(0))[0]
        for _ in range(2)
    )

    assert isinstance(call, ToolCall)
    assert call.id.startswith("call_")
    assert call == again


def test_content_after_the_stop_is_nothing_and_usage_follows_it() -> None:
    events = read(stream(START, delta(0, text="a"), stop(), delta(1, text="late"), METADATA))

    assert [type(event) for event in events][-3:] == [
        ev.BlockEnded,
        ev.Finished,
        ev.UsageReported,
    ]


def test_a_stream_without_its_start_is_started() -> None:
    assert isinstance(read(stream(delta(0, text="a")))[0], ev.Started)


def test_endless_open_blocks_break_the_stream() -> None:
    with pytest.raises(StreamBroken):
        read(stream(*(delta(index, text="a") for index in range(MOST_OPEN + 1))))


LEAF = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a", "{}", "f"])
KEYS = st.sampled_from(
    [
        "contentBlockIndex",
        "delta",
        "start",
        "toolUse",
        "toolUseId",
        "name",
        "input",
        "text",
        "reasoningContent",
        "signature",
        "redactedContent",
        "citation",
        "image",
        "source",
        "bytes",
        "stopReason",
        "usage",
        "inputTokens",
        "type",
    ]
)
SHAPES = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.tuples(
    st.sampled_from(
        [
            "messageStart",
            "contentBlockStart",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata",
            "new",
        ]
    ),
    st.dictionaries(KEYS, SHAPES, max_size=3),
) | st.sampled_from(
    [delta(0, text="a"), *tool(1, "t", "f", "{}"), delta(0, toolUse={"input": "x"})]
)


@given(st.lists(EVENTS, max_size=10), st.booleans(), st.booleans())
@settings(max_examples=200)
def test_no_shape_breaks_the_grammar(
    told: list[tuple[str, dict[str, Any]]], one: bool, schema: bool
) -> None:
    source = Source(vendor="anthropic", one_tool_call=one, schema_tool="f" if schema else None)
    assembly = Assembly(source)
    events = [event for kind, payload in told for event in assembly.take(kind, payload)]

    grammar.check(events, whole=assembly.finished)
