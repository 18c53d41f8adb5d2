import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.stream_read import StreamReader
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Text, ToolCall
from headgate.model.usage import Usage
from tests import grammar
from tests.dialects.chat.sample import (
    DONE,
    call,
    chunk,
    chunks,
    context,
    encode,
    parts_of,
    read,
    reason_of,
    write,
)
from tests.recordings import streams


@pytest.mark.parametrize("row", streams("chat"))
def test_every_recording_comes_across_however_it_is_cut(row: dict[str, Any]) -> None:
    data = row["sse"].encode()
    events = read(data)
    grammar.check(events, whole=True)
    chance = random.Random(len(data))
    steps = [1, 7] if len(data) < 4000 else [chance.randrange(2, 200), 64]
    for step in steps:
        assert read(data, step=step) == events
    for newline in (b"\r\n", b"\r"):
        assert read(data.replace(b"\n", newline)) == events


@pytest.mark.parametrize("row", streams("chat"))
def test_a_recording_without_its_end_never_finishes(row: dict[str, Any]) -> None:
    data = row["sse"].encode()
    cut = data[: len(data) // 3]
    reader = StreamReader(Source())
    events = reader.feed(cut) + reader.end()
    grammar.check(events)
    if b'"finish_reason":"' not in cut.replace(b" ", b""):
        assert not reader.finished
        assert not any(isinstance(event, ev.Finished) for event in events)


@pytest.mark.parametrize("row", streams("chat"))
def test_the_official_client_reads_the_same_from_us_as_from_the_backend(
    row: dict[str, Any],
) -> None:
    data = row["sse"].encode()
    events = read(data)
    if any(isinstance(event, ev.Failed) for event in events):
        return
    heard = _heard(data)
    assert _heard(write(events, context(include_usage="usage" in heard))) == heard


def _heard(data: bytes) -> dict[str, Any]:
    """What a client makes of a stream, joined by hand from the official client's chunks, since
    its accumulator refuses some of the backends' own streams."""
    text, thought, finish, usage = "", "", None, None
    calls: dict[int, list[str]] = {}
    for heard in chunks(data):
        if heard.usage is not None:
            usage = (heard.usage.prompt_tokens, heard.usage.completion_tokens)
        for choice in heard.choices:
            delta = choice.delta.model_dump(warnings=False)
            content = delta.get("content")
            for item in content if isinstance(content, list) else ():
                text += item.get("text") or ""
                thought += "".join(inner["text"] for inner in item.get("thinking") or ())
            text += content if isinstance(content, str) else ""
            thought += delta.get("reasoning_content") or delta.get("reasoning") or ""
            for entry in delta.get("tool_calls") or ():
                said = calls.setdefault(entry["index"], ["", ""])
                said[0] = said[0] or entry["function"].get("name") or ""
                said[1] += entry["function"].get("arguments") or ""
            finish = choice.finish_reason or finish
    spoken = [(name, json.loads(arguments or "{}")) for name, arguments in calls.values()]
    if calls and finish in (None, "stop"):
        finish = "tool_calls"
    return {"text": text, "thought": thought, "calls": spoken, "finish": finish} | (
        {"usage": usage} if usage else {}
    )


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_are_events_or_a_broken_stream(data: bytes) -> None:
    try:
        grammar.check(read(data))
    except StreamBroken:
        pass


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "stop", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "index",
                    "id",
                    "delta",
                    "content",
                    "type",
                    "text",
                    "thinking",
                    "function",
                    "name",
                    "arguments",
                    "tool_calls",
                    "finish_reason",
                    "reasoning_content",
                    "reasoning_details",
                    "signature",
                    "data",
                    "audio",
                    "images",
                    "annotations",
                    "refusal",
                    "function_call",
                    "custom",
                    "input",
                    "logprobs",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_json, max_size=4), st.booleans(), st.integers(1, 40))
@settings(max_examples=150)
def test_chunks_of_any_shape_keep_the_grammar_wherever_they_are_cut(
    choices: list[Any], done: bool, step: int
) -> None:
    frames = [b"data: " + encode({"id": "x", "choices": [choice]}) + b"\n\n" for choice in choices]
    data = b"".join(frames) + (DONE if done else b"")
    events = read(data)
    grammar.check(events, whole=done and bool(frames))
    assert read(data, step=step) == events


def test_a_reply_has_head_text_usage_and_finish() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    data = (
        chunk({"role": "assistant", "content": ""}, provider="p")
        + chunk({"content": "Hel"})
        + chunk({"content": "lo"})
        + chunk({}, "stop")
        + b"data: "
        + encode({"id": "r1", "choices": [], "usage": usage})
        + b"\n\n"
        + DONE
    )
    assert read(data) == [
        ev.Started("r1", "m1", 7, {"chat": {"provider": "p"}}),
        ev.BlockStarted(0, ev.TextBlock()),
        ev.TextDelta(0, "Hel"),
        ev.TextDelta(0, "lo"),
        ev.BlockEnded(0),
        ev.UsageReported(Usage(3, 2, dialect="chat")),
        ev.Finished("end", native="stop"),
    ]


def test_finished_and_terminated_say_what_was_seen() -> None:
    reader = StreamReader(Source())
    reader.feed(chunk({"content": "a"}))
    assert (reader.finished, reader.terminated) == (False, False)
    reader.feed(chunk({}, "stop"))
    assert (reader.finished, reader.terminated) == (True, False)
    reader.feed(DONE)
    assert (reader.finished, reader.terminated) == (True, True)
    assert reader.feed(chunk({"content": "late"})) == []


def test_t47_a_stream_that_ends_without_a_finish_is_not_finished() -> None:
    reader = StreamReader(Source())
    events = reader.feed(chunk({"content": "a"})) + reader.end()
    assert not reader.finished
    assert not any(isinstance(event, ev.Finished) for event in events)


def test_a_terminator_without_a_finish_reason_ends_a_whole_reply() -> None:
    assert reason_of(chunk({"content": "a"}) + DONE) == "unknown"
    assert reason_of(chunk({"tool_calls": [call(0, "c", "f", "{}")]}) + DONE) == "tools"


def test_a_terminator_alone_is_an_empty_stream() -> None:
    reader = StreamReader(Source())
    assert reader.feed(DONE) == []
    assert reader.terminated
    assert not reader.finished


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert reason_of(chunk({"content": "a"}) + chunk({}, "stop").rstrip(b"\n")) == "end"


def test_more_of_a_choice_after_its_finish_is_kept() -> None:
    data = chunk({"content": "a"}, "stop") + chunk({"tool_calls": [call(0, "c", "f", "{}")]})
    assert parts_of(data + DONE) == (Text("a"), ToolCall("c", "f", "{}"))
    assert reason_of(data + DONE) == "tools"


def test_t70_a_first_chunk_without_choices_is_no_beginning() -> None:
    head = {"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [1]}
    no_delta = {"id": "r", "choices": [{"index": 0, "content_filter_offsets": {}}]}
    frames = [b"data: " + encode(body) + b"\n\n" for body in (head, no_delta)]
    events = read(frames[0])
    assert events == []
    started = read(b"".join(frames) + chunk({"content": "a"}, "stop") + DONE)[0]
    assert isinstance(started, ev.Started)
    assert started.id == "r"
    assert started.extras == {"chat": {"prompt_filter_results": [1]}}


def test_comments_and_pings_are_no_events() -> None:
    noise = b': OPENROUTER PROCESSING\n\nevent: ping\ndata: {"type":"ping"}\n\n'
    assert read(noise + chunk({"content": "a"}, "stop") + noise) == read(
        chunk({"content": "a"}, "stop")
    )
