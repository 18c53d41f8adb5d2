from typing import Any

import pytest

from headgate.dialects.chat.stream_read import MAX_CHOICES, StreamReader
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Audio, Image, Reasoning, Text, ToolCall, Vendor
from headgate.model.reply import Fold, Reply
from headgate.model.request import ToolRef
from tests import grammar
from tests.dialects.chat.sample import DONE, call, chunk, encode, parts_of, read, reason_of
from tests.streams import fold


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
