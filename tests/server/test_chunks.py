"""The end of chunked bodies, against llhttp as the second opinion."""

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.server.chunks import ChunkReader

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LIKELY = st.lists(
    st.sampled_from(
        [
            b"0",
            b"1",
            b"3",
            b"a",
            b"\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b";",
            b"abc",
            b" ",
            b":",
            b"=",
            b'"',
        ]
    ),
    max_size=14,
).map(b"".join)


class Opinion:
    """What llhttp makes of a body."""

    def __init__(self, body: bytes) -> None:
        self.whole = False
        self.refused = False
        try:
            httptools.HttpRequestParser(self).feed_data(HEAD + body)
        except httptools.HttpParserError:
            self.refused = True

    def on_message_complete(self) -> None:
        self.whole = True


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces if p) + b"0\r\n\r\n"


@given(st.lists(st.binary(max_size=40), max_size=6), st.binary(max_size=20), st.data())
@settings(max_examples=60, deadline=None)
def test_the_end_is_found_wherever_the_bytes_are_cut(
    pieces: list[bytes], behind: bytes, data: st.DataObject
) -> None:
    body = chunked(pieces)
    cut = data.draw(st.integers(0, len(body)))
    scanner = ChunkReader()
    first = scanner.feed(body[:cut])
    assert first == cut
    if not scanner.done:
        assert scanner.feed(body[cut:] + behind) == len(body) - cut
    assert scanner.done
    assert scanner.feed(behind) == 0


@given(LIKELY)
@settings(max_examples=300, deadline=None)
def test_what_it_takes_for_a_whole_body_the_parser_takes_for_one_too(body: bytes) -> None:
    scanner = ChunkReader()
    try:
        end = scanner.feed(body)
    except Refused:
        return
    opinion = Opinion(body[:end])
    assert opinion.whole == (scanner.done and not opinion.refused)


def test_a_flood_of_tiny_chunks_is_refused() -> None:
    scanner = ChunkReader()
    scanner.feed(b"1\r\na\r\n" * 10_000)
    with pytest.raises(Refused, match="tiny"):
        scanner.feed(b"1\r\na\r\n")


def test_many_chunks_of_some_size_are_not() -> None:
    scanner = ChunkReader()
    scanner.feed((b"20\r\n" + b"a" * 32 + b"\r\n") * 20_000)
    scanner.feed(b"0\r\n\r\n")
    assert scanner.done
