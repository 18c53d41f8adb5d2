"""Whole Converse replies."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.converse.reply_read import read_facts, read_reply
from headgate.dialects.destination import Source
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Image, Inline, Reasoning, Text, ToolCall, Vendor
from headgate.model.state import OpaqueState
from tests.dialects.converse.drive import (
    CLAUDE,
    METADATA,
    START,
    USAGE,
    delta,
    over,
    read,
    stop,
    stream,
    tool,
)
from tests.streams import fold


def raw(*content: dict[str, Any], reason: str = "end_turn", **more: Any) -> bytes:
    message = {"role": "assistant", "content": list(content)}
    return msgspec.json.encode(
        {"output": {"message": message}, "stopReason": reason, "usage": USAGE, **more}
    )


def test_every_block_is_a_part() -> None:
    server = {"toolUse": {"toolUseId": "s", "name": "w", "type": "server_tool_use", "input": {}}}
    cited = {"content": [{"text": "said"}], "citations": [{"title": "T"}]}
    reply = read_reply(
        raw(
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"reasoningContent": {"redactedContent": "xx"}},
            {"text": "a"},
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}},
            {"citationsContent": cited},
            {"image": {"format": "png", "source": {"bytes": "AA=="}}},
            server,
            reason="tool_use",
        ),
        CLAUDE,
    )
    (choice,) = reply.choices

    assert choice.parts[:4] == (
        Reasoning("hm", state=OpaqueState("anthropic", "s")),
        Reasoning(state=OpaqueState("anthropic", "xx", "redacted")),
        Text("a"),
        ToolCall("t", "f", '{"a":1}'),
    )
    words = choice.parts[4]
    assert isinstance(words, Text)
    assert (words.text, words.citations[0].title) == ("said", "T")
    assert choice.parts[5:] == (Image(Inline("image/png", "AA==")), Vendor("converse", server))
    assert choice.reason == "tools"
    assert reply.usage is not None
    assert reply.usage.total_tokens == 8


def test_a_stop_sequence_is_named() -> None:
    body = raw(
        {"text": "a"}, reason="stop_sequence", additionalModelResponseFields={"stop_sequence": "X"}
    )
    finish = read_reply(body, CLAUDE).choices[0].finish

    assert finish is not None
    assert (finish.reason, finish.sequence) == ("stop_sequence", "X")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"1", b'{"hello":1}'])
def test_what_is_no_reply_breaks(body: bytes) -> None:
    with pytest.raises(StreamBroken):
        read_reply(body, CLAUDE)
    with pytest.raises(StreamBroken):
        read_facts(body)


def test_an_error_in_place_of_a_reply_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        read_reply(b'{"__type":"x#ThrottlingException","message":"slow"}', CLAUDE)

    assert caught.value.fault.kind == "rate_limited"
    assert read_facts(b'{"message":"broken"}').fault is not None


def test_the_facts_are_read_without_the_reply() -> None:
    facts = read_facts(raw({"text": "a"}, reason="max_tokens"))

    assert (facts.finished, facts.native_finish) == (True, "max_tokens")
    assert facts.usage is not None
    assert facts.usage.output_tokens == 5


WORDS = st.text(min_size=1, max_size=5)
BLOCKS = st.lists(
    st.tuples(st.just("text"), WORDS)
    | st.tuples(st.just("reasoning"), WORDS)
    | st.tuples(st.just("call"), WORDS),
    max_size=5,
)


@given(BLOCKS, st.booleans())
@settings(max_examples=60)
def test_the_stream_folds_to_what_the_whole_reply_means(
    blocks: list[tuple[str, str]], schema: bool
) -> None:
    source = Source(vendor="anthropic", schema_tool="f" if schema else None)
    events: list[tuple[str, dict[str, Any]]] = []
    content: list[dict[str, Any]] = []
    for index, (kind, words) in enumerate(blocks):
        if kind == "text":
            events += [delta(index, text=words), over(index)]
            content.append({"text": words})
        elif kind == "reasoning":
            both = {"text": words, "signature": "s"}
            events += [delta(index, reasoningContent={k: v}) for k, v in both.items()]
            events.append(over(index))
            content.append({"reasoningContent": {"reasoningText": both}})
        else:
            given_input = {"a": words}
            pieces = msgspec.json.encode(given_input).decode()
            events += tool(index, f"t{index}", "f", pieces[:3], pieces[3:])
            call = {"toolUseId": f"t{index}", "name": "f", "input": given_input}
            content.append({"toolUse": call})
    streamed = fold(read(stream(START, *events, stop(), METADATA), source))

    assert streamed == read_reply(raw(*content), source)
