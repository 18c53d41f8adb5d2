import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.stream_read import MAX_CHOICES, StreamReader
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Audio, Image, Reasoning, Text, ToolCall, Vendor
from headgate.model.reply import Fold, Reply
from headgate.model.request import ToolRef
from headgate.model.usage import Usage
from tests import grammar
from tests.dialects.chat.sample import (
    DONE,
    SOURCE,
    call,
    chunk,
    chunks,
    context,
    encode,
    fold,
    read,
    write,
)
from tests.recordings import streams


def parts_of(data: bytes, source: Source = SOURCE) -> tuple[Any, ...]:
    events = read(data, source)
    grammar.check(events, whole=True)
    return fold(events).choices[0].parts


def reason_of(data: bytes) -> str:
    events = read(data)
    grammar.check(events, whole=True)
    return fold(events).choices[0].reason


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


def test_t06_words_come_before_the_call_in_the_same_delta() -> None:
    data = chunk({"content": "x", "tool_calls": [call(0, "c", "f", "{}")]}, "tool_calls") + DONE
    assert parts_of(data) == (Text("x"), ToolCall("c", "f", "{}"))


def test_t03_a_whole_call_with_stop_finishes_with_tools() -> None:
    data = chunk({"content": "", "tool_calls": [call(0, "c", "f", {"a": 1})]}, "stop") + DONE
    assert parts_of(data) == (ToolCall("c", "f", '{"a":1}'),)
    assert reason_of(data) == "tools"


def test_t17_words_after_a_call_are_a_new_block() -> None:
    data = (
        chunk({"content": "a"})
        + chunk({"tool_calls": [call(0, "c", "f", "{}")]})
        + chunk({"content": "b"}, "tool_calls")
    )
    assert parts_of(data) == (Text("a"), ToolCall("c", "f", "{}"), Text("b"))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_t72_reasoning_is_found_under_each_of_its_names(field: str) -> None:
    data = chunk({field: "hm", "content": ""}) + chunk({"content": "a"}, "stop")
    assert parts_of(data) == (Reasoning("hm"), Text("a"))


def test_reasoning_details_give_text_once_and_state_at_the_end_of_their_block() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return {"type": "reasoning.text", "index": 0, "format": "f1", **fields}

    data = (
        chunk({"reasoning": "a", "reasoning_details": [detail(text="a", signature="")]})
        + chunk({"reasoning": "b", "reasoning_details": [detail(text="b")]})
        + chunk({"reasoning_details": [detail(signature="s1")]})
        + chunk({"content": "c"}, "stop")
    )
    thought, text = parts_of(data)
    assert (thought.text, thought.state.value, thought.state.issuer) == ("ab", "s1", "v")
    assert thought.extras == {"chat": {"format": "f1"}}
    assert text == Text("c")


def test_encrypted_reasoning_is_a_state_of_its_own() -> None:
    entry = {"type": "reasoning.encrypted", "data": "zz", "id": "rs_1", "index": 0}
    data = chunk({"reasoning_details": [entry]}) + chunk({"content": "c"}, "stop")
    thought = parts_of(data)[0]
    assert (thought.text, thought.state.kind, thought.state.id) == ("", "encrypted", "rs_1")


def test_content_lists_hold_thought_and_text() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    reference = {"type": "reference", "reference_ids": [1]}
    content = [thinking, {"type": "text", "text": "a"}, reference]
    data = chunk({"content": content}) + chunk({"content": "b"}, "stop")
    assert parts_of(data) == (
        Reasoning("hm"),
        Text("a"),
        Vendor("chat", reference),
        Text("b"),
    )


def test_choices_interleave_and_finish_each() -> None:
    data = (
        chunk({"content": "a"}, index=0)
        + chunk({"content": "b"}, index=1)
        + chunk({"content": "c"}, "stop", index=0)
        + chunk({}, "length", index=1)
        + DONE
    )
    events = read(data)
    grammar.check(events, whole=True)
    reply = fold(events)
    assert [choice.parts for choice in reply.choices] == [(Text("ac"),), (Text("b"),)]
    assert [choice.reason for choice in reply.choices] == ["end", "length"]


def test_a_choice_without_a_finish_leaves_the_reply_unfinished() -> None:
    reader = StreamReader(Source())
    reader.feed(chunk({"content": "a"}, index=0) + chunk({"content": "b"}, index=1))
    reader.feed(chunk({}, "stop", index=0))
    assert not reader.finished


def test_sound_is_collected_and_comes_whole() -> None:
    data = (
        chunk({"audio": {"id": "a1", "transcript": "Hi"}})
        + chunk({"audio": {"data": "AAA"}})
        + chunk({"audio": {"data": "BBB", "expires_at": 9}})
        + chunk({}, "stop")
    )
    assert parts_of(data) == (Audio("AAABBB", None, "a1", "Hi", {"expires_at": 9}),)


def test_pictures_come_whole() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png"}, "index": 0}
    (part,) = parts_of(chunk({"images": [image]}, "stop"))
    assert isinstance(part, Image)


def test_annotations_cite_the_text_and_source_lists_too() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 1}}
    data = chunk({"content": "a"}) + chunk({"annotations": [note]}, "stop", citations=["w"])
    (text,) = parts_of(data)
    assert [(c.url, c.title, c.start) for c in text.citations] == [("u", "t", 1), ("w", None, None)]


def test_a_refusal_in_words_is_a_refusal() -> None:
    data = chunk({"refusal": "No"}) + chunk({"refusal": "."}) + chunk({}, "stop")
    assert reason_of(data) == "refusal"


def test_token_entries_stay_with_their_text() -> None:
    entry = {"token": "a", "logprob": -1}
    body = {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [entry]}}
    data = b"data: " + encode({"id": "x", "choices": [body]}) + b"\n\n" + chunk({}, "stop")
    assert parts_of(data)[0].logprobs == (entry,)


@pytest.mark.parametrize(
    "usage",
    [
        {"usage": {"prompt_tokens": 1, "completion_tokens": 2}},
        {"x_groq": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}},
    ],
)
def test_t37_usage_is_found_wherever_it_stands(usage: dict[str, Any]) -> None:
    reply = fold(read(chunk({"content": "a"}, "stop", **usage) + DONE))
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (1, 2)


@pytest.mark.parametrize(
    ("frame", "status", "message"),
    [
        ({"error": {"message": "boom", "code": 500}}, 502, "boom"),
        ({"error": "boom"}, 502, "boom"),
        ({"object": "error", "message": "boom", "type": "rate_limit_error"}, 429, "boom"),
        ({"id": "x", "error": {"message": "boom", "code": 429}, "choices": []}, 429, "boom"),
        ({"choices": [{"finish_reason": "error", "error": {"message": "boom"}}]}, 502, "boom"),
    ],
)
def test_t42_errors_of_any_shape_fail_the_stream(
    frame: dict[str, Any], status: int, message: str
) -> None:
    for before in (b"", chunk({"content": "a"})):
        events = read(before + b"data: " + encode(frame) + b"\n\n" + DONE)
        grammar.check(events)
        failed = events[-1]
        assert isinstance(failed, ev.Failed)
        assert (failed.fault.http_status, failed.fault.message) == (status, message)


def test_t44_a_finish_reason_error_fails_the_stream() -> None:
    events = read(chunk({"content": ""}, "error") + DONE)
    assert isinstance(events[-1], ev.Failed)


def test_t49_t50_an_error_event_with_a_word_for_its_code() -> None:
    body = {"error": {"message": "m", "code": "tool_use_failed", "failed_generation": "{x"}}
    failed = read(chunk({"content": "a"}) + b"event: error\ndata: " + encode(body) + b"\n\n")[-1]
    assert isinstance(failed, ev.Failed)
    assert (failed.fault.code, failed.fault.http_status) == ("tool_use_failed", 400)


def test_an_error_event_of_plain_text_fails_the_stream() -> None:
    failed = read(b"event: error\ndata: out of memory\n\n")[-1]
    assert isinstance(failed, ev.Failed)
    assert failed.fault.message == "out of memory"


def test_one_unreadable_event_is_skipped_and_three_break_the_stream() -> None:
    assert parts_of(b"data: <html>\n\n" + chunk({"content": "a"}, "stop")) == (Text("a"),)
    with pytest.raises(StreamBroken):
        read(b"data: <html>\n\n" * 3)


def test_too_many_choices_break_the_stream() -> None:
    with pytest.raises(StreamBroken):
        read(b"".join(chunk({"content": "a"}, index=n) for n in range(MAX_CHOICES + 1)))


def test_a_callers_own_tool_names_come_back() -> None:
    source = Source(tools={"ns__f": ToolRef("f", "ns")})
    (part,) = parts_of(chunk({"tool_calls": [call(0, "c", "ns__f", "{}")]}, "stop"), source)
    assert part == ToolCall("c", "f", "{}", namespace="ns")


def test_t32_the_schema_tool_is_the_answers_text() -> None:
    source = Source(schema_tool="answer")
    data = chunk({"tool_calls": [call(0, "c", "answer", '{"a":1}')]}, "tool_calls") + DONE
    events = read(data, source)
    assert fold(events).choices[0].parts == (Text('{"a":1}'),)
    assert fold(events).choices[0].reason == "end"


def test_lone_surrogates_pass() -> None:
    data = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}\n\n'
    assert parts_of(data + chunk({}, "stop")) == (Text("\ud83d"),)


def test_stream_and_whole_reply_mean_the_same() -> None:
    folded = Fold()
    for event in read(chunk({"content": "a", "reasoning": "r"}, "stop") + DONE):
        folded.add(event)
    assert isinstance(folded.reply(), Reply)
    assert folded.reply().choices[0].parts == (Reasoning("r"), Text("a"))


def test_state_that_repeats_the_words_it_signs_does_not_double_them() -> None:
    def details(*entries: dict[str, Any]) -> bytes:
        return chunk({"reasoning_details": [{"index": 0, **entry} for entry in entries]})

    signed = {"type": "reasoning.text", "text": "one", "signature": "s1"}
    summed = {"type": "reasoning.summary", "summary": "two"}
    data = (
        chunk({"reasoning_content": "one"})
        + details(signed)
        + chunk({"reasoning_content": "two"})
        + details(summed, {"type": "reasoning.encrypted", "data": "s2"})
        + chunk({"content": "a"}, "stop")
    )
    first, second, _ = parts_of(data)
    assert (first.text, first.state.value) == ("one", "s1")
    assert (second.text, second.state.value) == ("two", "s2")
