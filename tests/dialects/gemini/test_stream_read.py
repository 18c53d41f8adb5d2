"""The reader of Gemini streams, with recorded and hostile bytes."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.gemini.reply_read import read_reply
from headgate.dialects.gemini.stream_read import open_reader
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.model.parts import Reasoning, Text, ToolCall
from headgate.wire import json_text
from tests import grammar, recordings
from tests.dialects.gemini.drive import GOOGLE, call, read, response, stream
from tests.streams import fold

STOP = response({"text": ""}, finishReason="STOP")


@pytest.mark.parametrize("row", recordings.streams("gemini"))
def test_every_recording_is_a_whole_sentence_for_every_cut(row: dict[str, Any]) -> None:
    data = row["sse"].encode()
    events = read(data)
    chance = random.Random(len(data))

    grammar.check(events, whole=True)
    sizes = [1, 2, 3, 7, 64] if len(data) < 4000 else [chance.randint(1, 999), 64]
    assert all(read(data, size=size) == events for size in sizes)


@pytest.mark.parametrize("row", recordings.streams("gemini"))
def test_every_recording_keeps_its_text_calls_and_signatures(row: dict[str, Any]) -> None:
    chunks = [
        msgspec.json.decode(line[5:]) for line in row["sse"].splitlines() if line.startswith("data")
    ]
    said = [
        part
        for chunk in chunks
        for candidate in chunk.get("candidates", [])
        for part in candidate.get("content", {}).get("parts", [])
    ]
    (choice,) = fold(read(row["sse"].encode())).choices

    assert "".join(part.text for part in choice.parts if isinstance(part, Text)) == "".join(
        part.get("text", "") for part in said if not part.get("thought")
    )
    assert [
        (part.name, json_text.decode(part.arguments))
        for part in choice.parts
        if isinstance(part, ToolCall)
    ] == [
        (part["functionCall"]["name"], part["functionCall"].get("args", {}))
        for part in said
        if "functionCall" in part
    ]
    assert [
        part.state.value for part in choice.parts if isinstance(part, Reasoning) and part.state
    ] == [
        part["thoughtSignature"]
        for part in said
        if "thoughtSignature" in part and ("text" in part or "functionCall" in part)
    ]


@pytest.mark.parametrize("row", recordings.streams("gemini"))
def test_the_array_framing_means_the_same(row: dict[str, Any]) -> None:
    lines = [line[5:] for line in row["sse"].splitlines() if line.startswith("data")]
    array = f"[{','.join(lines)}]".encode()

    assert read(array, size=50) == read(row["sse"].encode())
    (choice,) = read_reply(array, GOOGLE).choices
    assert choice.finish is not None


@pytest.mark.parametrize("row", recordings.streams("gemini"))
def test_t47_a_recording_cut_before_its_finish_never_finishes(row: dict[str, Any]) -> None:
    frames = row["sse"].encode().split(b"\r\n\r\n")
    last = next(n for n, frame in enumerate(frames) if b'"finishReason"' in frame)
    for count in range(last):
        reader = open_reader(GOOGLE)
        events = reader.feed(b"".join(frame + b"\r\n\r\n" for frame in frames[:count]))
        events += reader.feed(frames[count][:30]) + reader.end()
        grammar.check(events)
        assert not reader.finished
        assert not any(isinstance(event, ev.Finished) for event in events)


def test_a_finish_is_known_before_it_is_told() -> None:
    reader = open_reader(GOOGLE)
    events = reader.feed(stream(response({"text": "a"}, finishReason="STOP")))

    assert reader.finished
    assert not reader.terminated
    assert not any(isinstance(event, ev.Finished) for event in events)
    assert [type(event) for event in reader.end()] == [ev.BlockEnded, ev.Finished]
    assert reader.end() == []
    assert reader.feed(stream(STOP)) == []


@pytest.mark.parametrize("head", [b"", stream(response({"text": "a"}))])
@pytest.mark.parametrize("framed", [True, False])
def test_t43_an_error_in_any_place_and_framing_fails_the_stream(head: bytes, framed: bool) -> None:
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    raw = msgspec.json.format(msgspec.json.encode(error), indent=2)
    reader = open_reader(GOOGLE)
    events = reader.feed(head + (stream(error) if framed else raw)) + reader.end()

    failed = events[-1]
    assert isinstance(failed, ev.Failed)
    assert (failed.fault.kind, failed.fault.message) == ("overloaded", "overloaded")
    assert failed.fault.origin == "upstream"
    grammar.check(events, whole=True)
    assert reader.terminated
    assert reader.feed(stream(STOP)) == []


def test_one_unreadable_event_is_passed_over_and_three_break_the_stream() -> None:
    reader = open_reader(GOOGLE)
    reader.feed(b"data: <nonsense>\n\ndata: [1]\n\n")
    assert reader.feed(stream(STOP)) != []

    with pytest.raises(StreamBroken):
        reader.feed(b"data: nonsense\n\n")


def test_done_from_a_relay_ends_the_stream() -> None:
    reader = open_reader(GOOGLE)
    reader.feed(stream(response({"text": "a"}, finishReason="STOP")) + b"data: [DONE]\n\n")

    assert reader.terminated
    assert reader.feed(stream(response({"text": "late"}))) == []
    assert isinstance(reader.end()[-1], ev.Finished)


def test_lone_surrogates_are_kept() -> None:
    half = b'{"candidates":[{"content":{"parts":[{"text":"\\ud83d"}]}}]}'
    events = read(b"data: " + half + b"\n\n")

    assert ev.TextDelta(0, "\ud83d") in events


WORDS = st.text(max_size=8)
SENTENCES = st.lists(
    st.builds(lambda words: response({"text": words}), WORDS)
    | st.builds(lambda words: response({"text": words, "thought": True}), WORDS)
    | st.builds(lambda words: response(call("f", {"a": words}, thoughtSignature="s")), WORDS)
    | st.just(response({"text": "", "thoughtSignature": "t"})),
    max_size=6,
)


@given(SENTENCES, st.integers(1, 40))
@settings(max_examples=60)
def test_where_the_bytes_are_cut_does_not_matter(
    responses: list[dict[str, Any]], size: int
) -> None:
    data = stream(*responses, STOP)

    grammar.check(read(data), whole=True)
    assert read(data, size=size) == read(data)


@given(SENTENCES)
@settings(max_examples=60)
def test_the_stream_folds_to_what_the_whole_reply_means(responses: list[dict[str, Any]]) -> None:
    said = [part for each in responses for part in each["candidates"][0]["content"]["parts"]]
    whole = response(*said, {"text": ""}, finishReason="STOP")

    assert fold(read(stream(*responses, STOP))) == read_reply(msgspec.json.encode(whole), GOOGLE)


@given(
    st.lists(
        st.binary(max_size=20)
        | st.sampled_from([b"data: ", b"\n\n", b"\r", b'{"error":', b"[", stream(STOP)])
    )
)
@settings(max_examples=100)
def test_any_bytes_give_events_or_a_broken_stream(pieces: list[bytes]) -> None:
    reader = open_reader(GOOGLE)
    events: list[ev.Event] = []
    try:
        for piece in pieces:
            events += reader.feed(piece)
        events += reader.end()
    except StreamBroken:
        pass
    grammar.check(events)
