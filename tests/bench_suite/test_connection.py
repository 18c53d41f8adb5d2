"""The load's own reading of answers: wherever the bytes are cut, it counts the same."""

import asyncio
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from bench.connection import Connection, Hearing
from bench.upstream import STAMP

FRAME = b"data: " + STAMP + b"aaaaaaaaaaaaabcd" + b"\n\n"
CHUNK = b"%x\r\n%b\r\n" % (len(FRAME), FRAME)
STREAM = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + CHUNK * 3 + b"0\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello there"
CUTS = st.lists(st.integers(1, 40), max_size=20)


class Wire:
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return False


def told(answer: bytes, cuts: list[int], stamps: list[int] | None = None) -> tuple[Hearing, int]:
    """What is heard of an answer that comes in pieces of these lengths, and how often it ended."""
    ends: list[None] = []
    hearing = Hearing(lambda: ends.append(None), stamps)
    connection = Connection()
    connection.connection_made(cast(asyncio.BaseTransport, Wire()))
    connection.ask(b"GET", hearing)
    for length in cuts:
        connection.data_received(answer[:length])
        answer = answer[length:]
    if answer:
        connection.data_received(answer)
    return hearing, len(ends)


@given(CUTS)
def test_a_stream_is_counted_in_chunks_wherever_it_is_cut(cuts: list[int]) -> None:
    stamps: list[int] = []
    hearing, ends = told(STREAM, cuts, stamps)
    assert (hearing.pieces, hearing.events, hearing.error, ends) == (3, 3, None, 1)
    assert stamps[::2] == [123, 123, 123]
    assert hearing.first_s >= hearing.asked_s


@given(CUTS)
def test_a_body_with_a_length_ends_wherever_it_is_cut(cuts: list[int]) -> None:
    hearing, ends = told(JSON, cuts)
    assert (hearing.events, hearing.error, ends) == (0, None, 1)


def test_chunks_that_were_merged_are_one_piece() -> None:
    merged = b"%x\r\n%b\r\n" % (len(FRAME) * 3, FRAME * 3)
    stamps: list[int] = []
    hearing, _ = told(STREAM.replace(CHUNK * 3, merged), [], stamps)
    assert (hearing.pieces, hearing.events, len(stamps)) == (1, 3, 6)


def test_a_refusal_is_told_with_its_words() -> None:
    hearing, ends = told(JSON.replace(b"200 OK", b"503 No"), [])
    assert (hearing.error, ends) == ("status 503: hello there", 1)


def test_an_answer_that_breaks_off_is_told_once() -> None:
    ends: list[None] = []
    hearing = Hearing(lambda: ends.append(None))
    connection = Connection()
    connection.connection_made(cast(asyncio.BaseTransport, Wire()))
    connection.ask(b"GET", hearing)
    connection.data_received(STREAM[:-5])
    connection.connection_lost(None)
    connection.connection_lost(None)
    assert (hearing.error, len(ends)) == ("the answer was cut off", 1)
