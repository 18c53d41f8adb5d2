"""The three framings of a Gemini stream."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.gemini.framing import Framing, ObjectSplitter
from headgate.model.fault import StreamBroken
from headgate.wire.sse import BOM

OBJECTS = [{"a": 'b"}\\'}, {"c": {"d": [1, {"e": "{"}]}}, {}]
SSE = b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in OBJECTS)
ARRAY = b"[" + b"\n,\r\n".join(json.dumps(each, indent=1).encode() for each in OBJECTS) + b"\n]"
LINES = b"\n".join(json.dumps(each).encode() for each in OBJECTS)
ERROR = {"error": {"code": 503, "message": "gone"}}


def objects(data: bytes, size: int) -> list[object]:
    framing = Framing()
    texts = [
        text
        for start in range(0, len(data), size)
        for text in framing.feed(data[start : start + size])
    ]
    return [json.loads(text) for text in texts + framing.end()]


@pytest.mark.parametrize("body", [SSE, ARRAY, LINES, BOM + SSE, BOM + ARRAY, b" \r\n\r\n" + SSE])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_each_framing_gives_its_objects_for_every_cut(body: bytes, size: int) -> None:
    assert objects(body, size) == OBJECTS


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n\r\n"])
def test_a_bare_error_behind_events_is_found(size: int, indent: int | None, ending: bytes) -> None:
    error = json.dumps(ERROR, indent=indent).encode()

    assert objects(SSE + error + ending, size) == [*OBJECTS, ERROR]
    assert objects(SSE + b"\n" + error + ending, size) == [*OBJECTS, ERROR]
    assert objects(error + ending, size) == [ERROR]
    assert objects(b"[" + error + b"]" + ending, size) == [ERROR]


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert objects(SSE.rstrip(), 5) == OBJECTS


def test_what_is_cut_is_dropped() -> None:
    assert objects(SSE[:-8], 1000) == OBJECTS[:2]
    assert objects(ARRAY[:-5], 1000) == OBJECTS[:2]


def test_an_endless_object_breaks_the_stream() -> None:
    framing = Framing(limit=100)
    framing.feed(b'[{"a":"' + b"x" * 80)

    with pytest.raises(StreamBroken):
        framing.feed(b"x" * 80)


def test_what_stands_between_objects_is_not_kept() -> None:
    splitter = ObjectSplitter(limit=10)

    assert all(splitter.feed(b", ,\n") == [] for _ in range(100))
    assert splitter.feed(b"{}") == [b"{}"]


@given(st.binary(max_size=60), st.integers(1, 9))
@settings(max_examples=80)
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    framing = Framing()
    for start in range(0, len(data), size):
        framing.feed(data[start : start + size])
    framing.end()


@given(st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3), max_size=4))
@settings(max_examples=50)
def test_arrays_of_any_objects_are_split(rows: list[dict[str, str]]) -> None:
    body = json.dumps(rows, ensure_ascii=False).encode()

    assert objects(body, 3) == rows
