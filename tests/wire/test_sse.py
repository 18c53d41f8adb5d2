"""The SSE readers against the WHATWG's rules, cut anywhere."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import StreamBroken
from headgate.wire import sse
from headgate.wire.sse import BOM, Decoder, Frame, Splitter, is_whole, looks_like_sse, parse, write

NEWLINES = st.sampled_from([b"\n", b"\r\n", b"\r"])


def decode_in(pieces: list[bytes]) -> list[Frame]:
    decoder = Decoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames + decoder.end()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        (b"data: a\n\n", [Frame("", b"a")]),
        (b"data:a\n\n", [Frame("", b"a")]),
        (b"data:  a\n\n", [Frame("", b" a")]),
        (b"data: a\ndata: b\n\n", [Frame("", b"a\nb")]),
        (b"data\ndata\n\n", [Frame("", b"\n")]),
        (b"data:\n\n", [Frame("", b"")]),
        (b"event: x\ndata: a\n\n", [Frame("x", b"a")]),
        (b"data: a\nevent: x\n\n", [Frame("x", b"a")]),
        (b"event: x\n\ndata: a\n\n", [Frame("", b"a")]),
        (b"event: x\nevent: y\ndata: a\n\n", [Frame("y", b"a")]),
        (b": comment\n\ndata: a\n\n", [Frame("", b"a")]),
        (b"data: a\n: comment\ndata: b\n\n", [Frame("", b"a\nb")]),
        (b"id: 1\nretry: 5\ndata: a\n\n", [Frame("", b"a")]),
        (b"Data: a\ndata : b\n data: c\ndata: d\n\n", [Frame("", b"d")]),
        (b"\n\n\ndata: a\n\n", [Frame("", b"a")]),
        (b"data: \xe2\x80\xa8\x0b\x0c\xc2\x85\n\n", [Frame("", b"\xe2\x80\xa8\x0b\x0c\xc2\x85")]),
        (b"data: a\x00b\n\n", [Frame("", b"a\x00b")]),
        (b"event: \xff\ndata: a\n\n", [Frame("\ufffd", b"a")]),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_standards_cases_hold_for_every_newline_and_cut(
    body: bytes, frames: list[Frame], newline: bytes, size: int
) -> None:
    data = body.replace(b"\n", newline)

    assert decode_in(cut(data, size)) == frames


def test_one_byte_order_mark_is_taken_off_the_start_even_when_it_is_cut() -> None:
    assert decode_in(cut(BOM + b"data: a\n\n", 1)) == [Frame("", b"a")]
    assert decode_in([BOM + BOM + b"data: a\n\ndata: b\n\n"]) == [Frame("", b"b")]
    assert decode_in([b"data: a\n\n", BOM + b"data: b\n\n"]) == [Frame("", b"a")]


def test_a_carriage_return_at_the_end_of_a_buffer_swallows_the_line_feed_behind_it() -> None:
    assert decode_in([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\ndata: c\r\n\r\n"]) == [
        Frame("", b"a\nb"),
        Frame("", b"c"),
    ]


def test_a_frame_is_given_as_soon_as_its_blank_line_is_sure() -> None:
    decoder = Decoder()

    assert decoder.feed(b"data: a\r\r") == [Frame("", b"a")]
    assert decoder.feed(b"data: b\r\n\r") == []
    assert decoder.feed(b"\n") == [Frame("", b"b")]


def test_frames_are_relayed_with_their_whole_line_end_wherever_they_are_cut() -> None:
    splitter = Splitter()
    given = [splitter.feed(bytes([byte])) for byte in b"data: a\r\n\r\ndata: b\r\n\r\n"]
    assert [piece for piece in given if piece] == [b"data: a\r\n\r\n", b"data: b\r\n\r\n"]


@pytest.mark.parametrize("data", [b'{"a":1}', b"[DONE]", b" [DONE] ", b"[1]"])
def test_t69_a_last_event_without_its_blank_line_counts_when_it_is_whole(data: bytes) -> None:
    assert decode_in([b"data: " + data]) == [Frame("", data)]
    assert decode_in([b"data: " + data + b"\r"]) == [Frame("", data)]


@pytest.mark.parametrize("data", [b'{"a":', b'{"a":"b', b"[DON", b"", b'{"a" 1}'])
def test_a_last_event_that_is_not_whole_is_dropped(data: bytes) -> None:
    assert decode_in([b"data: x\n\ndata: " + data]) == [Frame("", b"x")]
    assert not is_whole(data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "ping", "message_start"]),
            st.dictionaries(st.text(max_size=3), st.text(max_size=8), max_size=3),
        ),
        max_size=6,
    ),
    st.data(),
    NEWLINES,
)
@settings(max_examples=60)
def test_where_the_bytes_are_cut_does_not_matter(
    events: list[tuple[str, dict[str, str]]], data: st.DataObject, newline: bytes
) -> None:
    frames = [Frame(name, json.dumps(payload).encode()) for name, payload in events]
    body = b"".join(write(frame.data, frame.event or None) for frame in frames)
    body = body.replace(b"\n", newline)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    assert decode_in(pieces) == frames


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"\n\n", b"\r", b"data: {}"])))
@settings(max_examples=80)
def test_the_splitter_gives_back_exactly_what_it_was_fed(pieces: list[bytes]) -> None:
    splitter = Splitter()

    assert b"".join([*map(splitter.feed, pieces), splitter.rest()]) == b"".join(pieces)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"data: a", b": c", b"event: e"]), max_size=14))
@settings(max_examples=80)
def test_any_mixture_of_newlines_reads_the_same_whole_and_byte_by_byte(lines: list[bytes]) -> None:
    body = b"".join(lines)

    assert decode_in([body]) == decode_in(cut(body, 1))


def test_the_splitter_holds_what_is_not_a_whole_frame() -> None:
    splitter = Splitter()

    assert splitter.feed(b"data: a\n") == b""
    assert splitter.feed(b"\ndata: b") == b"data: a\n\n"
    assert splitter.rest() == b"data: b"
    assert splitter.rest() == b""


def test_a_frame_beyond_the_limit_breaks_the_stream() -> None:
    splitter = Splitter(limit=64)
    for _ in range(8):
        assert splitter.feed(b"x" * 8) == b""

    with pytest.raises(StreamBroken, match="larger than 64 bytes"):
        splitter.feed(b"x")


def test_many_small_frames_do_not_exceed_the_limit_together() -> None:
    splitter = Splitter(limit=64)

    assert all(splitter.feed(b"data: x\n\nda") or splitter.feed(b"ta: y\n\n") for _ in range(50))


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        (b"", None),
        (b"\xef", None),
        (BOM + b"da", None),
        (b"\r\n\r\ndata: {}", True),
        (b": keep-alive", True),
        (b"event:", True),
        (b"id: 1", True),
        (b"retry: 1", True),
        (b"{", False),
        (b"<html>", False),
        (b"datum", False),
    ],
)
def test_the_first_bytes_tell_an_event_stream(head: bytes, verdict: bool | None) -> None:
    assert looks_like_sse(head) is verdict


def test_what_is_written_is_read_back() -> None:
    assert write(b"{}") == b"data: {}\n\n"
    assert write(b"{}", "ping") == b"event: ping\ndata: {}\n\n"
    assert parse(write(b"{}", "ping") + sse.write(b"[DONE]")) == [
        Frame("ping", b"{}"),
        Frame("", b"[DONE]"),
    ]
