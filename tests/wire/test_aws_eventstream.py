"""AWS event-stream frames: checksums, cuts, bounds, and a frame recorded from AWS."""

import base64
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import StreamBroken
from headgate.wire.aws_eventstream import Message, Splitter, decode, encode

EXCEPTION = base64.b64decode(
    "AAAA3QAAAGfHkZB6DTptZXNzYWdlLXR5cGUHAAlleGNlcHRpb24POmV4Y2VwdGlvbi10eXBlBwAZbW9kZWxTdHJlYW1"
    "FcnJvckV4Y2VwdGlvbg06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24vanNvbnsibWVzc2FnZSI6Ik1vZGVsIFN0cmV"
    "hbSBFcnJvciIsIm9yaWdpbmFsU3RhdHVzQ29kZSI6NTAwLCJvcmlnaW5hbE1lc3NhZ2UiOiJUaGUgbW9kZWwgc3RyZWF"
    "tIGZhaWxlZC4ifVczQxM="
)
HEADERS = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=4)


def with_headers(block: bytes, payload: bytes = b"{}") -> bytes:
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    frame = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return frame + struct.pack(">I", zlib.crc32(frame))


def test_a_frame_from_aws_is_read() -> None:
    (frame,) = Splitter().feed(EXCEPTION)
    message = decode(frame)

    assert message.headers[":exception-type"] == "modelStreamErrorException"
    assert message.payload.startswith(b'{"message":"Model Stream Error"')
    assert encode(message.headers, message.payload) == EXCEPTION


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=40)), max_size=5), st.integers(1, 60))
@settings(max_examples=60)
def test_where_the_bytes_are_cut_does_not_matter(
    messages: list[tuple[dict[str, str], bytes]], size: int
) -> None:
    body = b"".join(encode(headers, payload) for headers, payload in messages)
    splitter = Splitter()
    frames = [
        frame
        for start in range(0, len(body), size)
        for frame in splitter.feed(body[start : start + size])
    ]

    assert [decode(frame) for frame in frames] == [Message(*message) for message in messages]
    assert b"".join(frames) == body
    assert splitter.held == 0


@given(st.integers(0, len(EXCEPTION) - 1), st.integers(1, 255))
@settings(max_examples=60)
def test_a_flipped_byte_is_noticed(place: int, flip: int) -> None:
    damaged = bytearray(EXCEPTION)
    damaged[place] ^= flip

    with pytest.raises(StreamBroken):
        Splitter().feed(bytes(damaged))


@given(st.binary(max_size=80))
@settings(max_examples=60)
def test_any_bytes_give_frames_or_a_broken_stream(data: bytes) -> None:
    try:
        frames = Splitter().feed(data)
    except StreamBroken:
        return
    assert len(data) < 12 or frames == [data]


@given(st.binary(max_size=40))
@settings(max_examples=80)
def test_any_headers_are_read_or_broken(block: bytes) -> None:
    try:
        message = decode(with_headers(block))
    except StreamBroken:
        return
    assert message.payload == b"{}"


def test_headers_of_every_type_are_passed_over_but_strings() -> None:
    block = b"".join(
        bytes([1]) + b"h" + bytes([kind]) + value
        for kind, value in [
            (0, b""),
            (1, b""),
            (2, b"x"),
            (3, b"xx"),
            (4, b"xxxx"),
            (5, b"x" * 8),
            (6, b"\x00\x02xx"),
            (8, b"x" * 8),
            (9, b"x" * 16),
        ]
    )

    message = decode(with_headers(block + b"\x01k\x07\x00\x01v", b"body"))
    assert message == Message({"k": "v"}, b"body")


@pytest.mark.parametrize(
    "block",
    [b"\x01k\x0a", b"\x05k", b"\x01k\x07\x00\x09v", b"\x01k\x07\x00", b"\x01k\x07\x00\x01\xff"],
)
def test_damaged_headers_break_the_stream(block: bytes) -> None:
    with pytest.raises(StreamBroken):
        decode(with_headers(block, b""))


def test_a_frame_beyond_the_limit_is_refused_by_its_first_bytes() -> None:
    prelude = struct.pack(">II", 2**31, 0)
    head = prelude + struct.pack(">I", zlib.crc32(prelude))

    with pytest.raises(StreamBroken, match="larger"):
        Splitter().feed(head)


@pytest.mark.parametrize(("total", "headers"), [(8, 0), (20, 9), (300_000, 200_000)])
def test_lengths_that_contradict_each_other_break_the_stream(total: int, headers: int) -> None:
    prelude = struct.pack(">II", total, headers)

    with pytest.raises(StreamBroken, match="contradict"):
        Splitter().feed(prelude + struct.pack(">I", zlib.crc32(prelude)))


def test_the_start_of_a_frame_is_held() -> None:
    splitter = Splitter()

    assert splitter.feed(EXCEPTION[:100]) == []
    assert splitter.held == 100
    assert splitter.feed(EXCEPTION[100:]) == [EXCEPTION]
