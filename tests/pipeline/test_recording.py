import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.usage import Usage
from headgate.pipeline.compact import MOST_BYTES, StreamDetail
from headgate.pipeline.recording import Recording, bounded_text

REFERENCE = "".join(
    (
        'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m",'
        '"choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Think "}}]}\n\n',
        'data: {"id":"other","choices":[{"index":0,"delta":{"reasoning":"first. "}}]}\r\n\r\n',
        'data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hello"}}]}\n\n',
        ": a comment\n\n",
        'data: {"choices":[{"index":0,"delta":{"content":" world","tool_calls":[{"index":0,'
        '"id":"call_1","type":"function","function":{"name":"search","arguments":"{\\"query\\":"}'
        "}]}}]}\r\r",
        'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":'
        '"\\"apple\\"}"}}]},"finish_reason":"tool_calls","stop_reason":106}]}\n\n',
        'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}'
        "\n\n",
        "data: [DONE]\n\n",
    )
).encode()
COMPACT = {
    "format": "kyush.chat_stream.compact.v1",
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 7,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "role": "assistant",
            "reasoning": "Think first. ",
            "content": "Hello world",
            "tool_calls": [
                {
                    "index": 0,
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "search", "arguments": '{"query":"apple"}'},
                }
            ],
            "finish_reason": "tool_calls",
            "stop_reason": "106",
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    "stream": {"network_chunk_count": 1, "data_frame_count": 6, "done": True},
}


def recorded(
    mode: StreamDetail, *pieces: bytes, dialect: str = "chat", usage: Usage | None = None
) -> str | None:
    recording = Recording(mode, dialect)
    for piece in pieces:
        recording.take(piece)
    return recording.body(usage)


def as_json(body: str | None) -> dict[str, Any]:
    value = json.loads(body or "null")
    assert isinstance(value, dict)
    return value


def test_compact_is_the_format_to_the_letter() -> None:
    body = recorded("compact", REFERENCE)
    assert as_json(body) == COMPACT
    assert list(as_json(body)) == list(COMPACT)
    assert "data: " not in (body or "")


def test_raw_is_the_text_of_the_stream() -> None:
    assert recorded("raw", REFERENCE) == REFERENCE.decode()


def test_both_is_both() -> None:
    assert as_json(recorded("both", REFERENCE)) == {
        "format": "kyush.chat_stream.raw.v1",
        "compact": COMPACT,
        "raw_sse": REFERENCE.decode(),
    }


def test_off_is_nothing() -> None:
    assert recorded("off", REFERENCE) is None


@given(st.lists(st.integers(0, len(REFERENCE)), max_size=6))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(REFERENCE)]
    pieces = [REFERENCE[a:b] for a, b in itertools.pairwise(places)]
    told = as_json(recorded("compact", *pieces))
    assert told["stream"].pop("network_chunk_count") == len(pieces)
    assert told["stream"] == {"data_frame_count": 6, "done": True}
    assert {**told, "stream": None} == {**COMPACT, "stream": None}


@pytest.mark.parametrize("dialect", ["messages", "responses"])
def test_other_dialects_have_formats_of_their_own(dialect: str) -> None:
    name = f"headgate.{dialect}_stream"
    ping = b'event: ping\ndata: {"type":"ping"}\n\n'
    assert as_json(recorded("compact", ping, dialect=dialect))["format"] == f"{name}.compact.v1"
    both = as_json(recorded("both", ping, dialect=dialect))
    assert both["format"] == f"{name}.raw.v1"
    assert both["compact"]["format"] == f"{name}.compact.v1"


def test_usage_that_the_caller_did_not_ask_for_is_noted() -> None:
    frame = b'data: {"choices":[]}\n\n'
    told = as_json(recorded("compact", frame, usage=Usage(1, 2)))
    assert told["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert as_json(recorded("compact", REFERENCE, usage=Usage(1, 2)))["usage"] == COMPACT["usage"]


def test_a_whole_answer_is_kept_as_it_is_in_every_mode() -> None:
    modes: tuple[StreamDetail, ...] = ("compact", "raw", "both", "off")
    for mode in modes:
        recording = Recording(mode, "chat")
        recording.take_whole(b'{"a":1}')
        assert recording.body() == '{"a":1}'


def test_where_nothing_was_said_nothing_is_kept() -> None:
    assert Recording("both", "chat").body() is None


def test_a_long_stream_is_cut_in_raw_and_joined_in_compact() -> None:
    frame = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}],"pad":"%s"}\n\n' % (
        b"p" * 9000
    )
    both = as_json(recorded("both", *[frame] * 200, b"data: [DONE]\n\n"))
    assert both["compact"]["choices"][0]["content"] == "x" * 200
    assert both["compact"]["stream"]["done"] is True
    assert len(both["raw_sse"]) < MOST_BYTES + 100
    assert both["raw_sse"].endswith(f": cut here, {200 * len(frame) + 14} bytes in all\n\n")


def test_bounded_text_never_ends_inside_a_character() -> None:
    text = bounded_text("é".encode() * MOST_BYTES, 2 * MOST_BYTES)
    assert set(text.partition("\n")[0]) == {"é"}
    assert bounded_text(b"\xff", 1) == "\ufffd"


def test_a_stream_is_noted_whole_however_many_pieces_are_noted_at_once() -> None:
    words = [f"word-{number} " for number in range(1000)]
    deltas = ({"choices": [{"index": 0, "delta": {"content": word}}]} for word in words)
    pieces = [f"data: {json.dumps(delta)}\n\n".encode() for delta in deltas]
    body = as_json(recorded("compact", *pieces))
    assert body["choices"][0]["content"] == "".join(words)
    counted = {"network_chunk_count": 1000, "data_frame_count": 1000, "done": False}
    assert body["stream"] == counted
