import json
from typing import Any

import pytest

from headgate.dialects.destination import Source
from headgate.dialects.dialect import Ties
from headgate.dialects.responses import stored
from headgate.dialects.responses.stream_read import ResponsesReader
from headgate.model.reply import Fold
from headgate.wire import sse
from tests.faults.streams import RESPONSES
from tests.storage.stored_samples import message

STREAM = b"".join(RESPONSES)
WHOLE: dict[str, Any] = json.loads(sse.parse(RESPONSES[-1])[0].data)["response"]


def numbers(stream: bytes) -> list[int]:
    return [json.loads(frame.data)["sequence_number"] for frame in sse.parse(stream)]


def test_the_end_of_a_stream_has_the_response() -> None:
    assert stored.ending_in(STREAM) == WHOLE
    assert [stored.ending_in(frame) for frame in RESPONSES[:-1]] == [None] * 8


@pytest.mark.parametrize("word", ["completed", "incomplete", "failed", "cancelled"])
def test_every_last_event_is_known_also_without_its_name(word: str) -> None:
    told = {"type": f"response.{word}", "response": {"id": "resp_1"}}
    assert stored.ending_in(sse.write(json.dumps(told).encode())) == {"id": "resp_1"}


@pytest.mark.parametrize(
    "data", [b'{"type":"x","delta":"response.completed"}', b"response.completed", b"[]"]
)
def test_the_word_alone_ends_nothing(data: bytes) -> None:
    assert stored.ending_in(sse.write(data)) is None
    assert stored.ending_in(sse.write(b'{"type":"response.completed"}')) is None


def test_the_end_is_found_whatever_else_has_the_word() -> None:
    word = sse.write(b'{"type":"x","delta":"response.completed"}')
    assert stored.ending_in(word + STREAM) == WHOLE
    assert stored.ending_in(STREAM + word) == WHOLE
    assert stored.ending_in((STREAM + word).replace(b"\n", b"\r\n")) == WHOLE
    assert stored.ending_in(STREAM.replace(b"\n", b"\r")) == WHOLE


@pytest.mark.parametrize("number", [-1, 3, 8, 99])
def test_what_is_whole_is_told_as_it_was(number: int) -> None:
    rest = b"".join(RESPONSES[number + 1 :])
    assert stored.rest_of(WHOLE, STREAM, number) == rest


@pytest.mark.parametrize(
    ("fields", "stream", "number", "told"),
    [
        ({"status": "failed"}, b"".join(RESPONSES[:4]), -1, [0, 1, 2, 3, 4]),
        ({"status": "cancelled"}, b"".join(RESPONSES[:4]), 2, [3, 4]),
        ({"status": "failed"}, b"", 6, [7, 8]),
        ({"background": True}, b"".join(RESPONSES[:4]), 2, [3, 4]),
        ({"background": True}, b"", 6, [7]),
        ({"background": True}, b"", -1, list(range(9))),
        ({}, b"", 5, [6, 7, 8]),
        ({}, b"", 8, []),
    ],
)
def test_a_stream_that_is_not_whole_is_ended_for_who_followed_it(
    fields: dict[str, Any], stream: bytes, number: int, told: list[int]
) -> None:
    response = {**WHOLE, **fields}
    rest = stored.rest_of(response, stream, number)
    assert numbers(rest) == told
    if told:
        assert stored.ending_in(rest) == response


def test_items_are_taken_from_the_stream_where_its_end_has_none() -> None:
    bare = {**WHOLE, "output": []}
    assert stored.with_output(bare, STREAM)["output"] == WHOLE["output"]
    assert stored.with_output(WHOLE, b"") is WHOLE


@pytest.mark.parametrize(
    ("said", "status"),
    [("failed", "failed"), ("queued", "queued"), ("strange", "completed"), (None, "completed")],
)
def test_a_response_without_a_status_is_completed(said: Any, status: str) -> None:
    assert stored.status_of({"status": said}) == status


def test_events_behind_a_number_are_told() -> None:
    assert numbers(stored.after(STREAM, -1)) == list(range(9))
    assert stored.after(STREAM, 6) == b"".join(RESPONSES[7:])
    assert stored.after(STREAM, 8) == b""


def test_events_without_numbers_are_counted() -> None:
    plain = b"".join(sse.write(b'{"type":"x"}') for _ in range(3)) + b": beat\n\ndata: [DONE]\n\n"
    assert [number for number, _ in stored.numbered(plain)] == [0, 1, 2]


def test_what_came_whole_is_told_as_a_stream() -> None:
    refusal = {"type": "refusal", "refusal": "no"}
    call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}
    said = message("assistant", "Hello", id="msg_1")
    output = [{**said, "content": [*said["content"], refusal]}, call]
    told = stored.told_anew({**WHOLE, "output": output})
    assert numbers(told) == list(range(len(sse.parse(told))))
    assert stored.ending_in(told) == {**WHOLE, "output": output}
    reader, fold = ResponsesReader(Source()), Fold()
    for event in (*reader.feed(told), *reader.end()):
        fold.add(event)
    assert reader.finished
    parts = fold.reply().choices[0].parts
    assert [type(part).__name__ for part in parts] == ["Text", "Refusal", "ToolCall"]


def test_an_answer_names_what_its_request_went_on_from() -> None:
    whole = json.dumps(WHOLE).encode()
    told = json.loads(stored.tied(whole, Ties(previous="resp_0")))
    assert told == {**WHOLE, "previous_response_id": "resp_0"}
    told = json.loads(stored.tied(whole, Ties(conversation="conv_1")))
    assert told == {**WHOLE, "conversation": {"id": "conv_1"}}


def test_every_event_with_the_response_names_it_and_no_other_changes() -> None:
    told = stored.tied(STREAM, Ties(previous="resp_0"))
    before, after = sse.parse(STREAM), sse.parse(told)
    changed = [old.event for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["response.created", "response.completed"]
    said = stored.ending_in(told)
    assert said is not None
    assert said["previous_response_id"] == "resp_0"
    assert stored.tied(told, Ties(previous="resp_0")) == told


@pytest.mark.parametrize("piece", [*RESPONSES[1:-1], b": beat\n\n", b"{broken", STREAM])
def test_what_names_nothing_is_left_alone(piece: bytes) -> None:
    assert stored.tied(piece, Ties()) == piece
    if piece is not STREAM:
        assert stored.tied(piece, Ties(previous="resp_0", conversation="c")) == piece
