"""Heads: framing, and what is refused before the rest has come."""

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.server.head import Head, check_part, read_head, read_target
from headgate.server.limits import Limits

LIMITS = Limits()
START = b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("headers", "length", "is_chunked"),
    [
        (b"", 0, False),
        (b"Content-Length: 12\r\n", 12, False),
        (b"CONTENT-LENGTH:12\t\r\n", 12, False),
        (b"Transfer-Encoding: Chunked\r\n", 0, True),
        (b"X-Content-Length: 5\r\n", 0, False),
    ],
)
def test_the_headers_say_where_the_body_ends(headers: bytes, length: int, is_chunked: bool) -> None:
    head = START + headers + b"\r\n"
    read = read_head(head, LIMITS)
    assert (read.length, read.chunked) == (length, is_chunked)


def test_a_head_is_its_line_and_its_fields() -> None:
    head = START + b"X-A:  b c \t\r\nx-a: \xe9\r\nEmpty:\r\n\r\n"
    assert read_head(head, LIMITS) == Head(
        method="POST",
        path="/v1/messages",
        query="beta=true",
        version="1.1",
        fields=[("host", "a"), ("x-a", "b c"), ("x-a", "\xe9"), ("empty", "")],
        headers={"host": "a", "x-a": "\xe9", "empty": ""},
    )


class Opinion:
    """What llhttp makes of a head."""

    def __init__(self, head: bytes) -> None:
        self.url = b""
        self.fields: list[tuple[str, str]] = []
        self.refused = False
        self.keeps_alive = False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserError:
            self.refused = True

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.decode().lower(), value.decode("latin-1").rstrip(" \t")))

    def on_headers_complete(self) -> None:
        self.keeps_alive = self._parser.should_keep_alive()


LIKELY = st.lists(
    st.sampled_from(
        b"A|b|:| |\t|\r\n|\r\n|\r|\n|\0|\xe9|\x7f|Connection: |close|keep-alive|,|X-A: b".split(
            b"|"
        )
    ),
    max_size=12,
).map(b"".join)


@given(LIKELY)
@settings(max_examples=500, deadline=None)
def test_what_is_read_another_parser_reads_in_the_same_way(lines: bytes) -> None:
    head = START + lines + b"\r\n\r\n"
    head = head[: head.find(b"\r\n\r\n") + 4]
    try:
        read = read_head(head, LIMITS)
    except Refused:
        return
    opinion = Opinion(head)
    assert not opinion.refused
    assert (opinion.fields, opinion.keeps_alive) == (read.fields, read.keeps_alive)
    assert opinion.url == f"{read.path}?{read.query}".encode()


@pytest.mark.parametrize(
    ("line", "keeps"),
    [
        (b"Connection: close", False),
        (b"Connection: TE, Close", False),
        (b"Connection: close\r\nConnection: keep-alive", False),
        (b"Connection: closed", True),
        (b"Connection: keep-alive", True),
        (b"X-Connection: close", True),
    ],
)
def test_who_says_close_sends_nothing_more(line: bytes, keeps: bool) -> None:
    assert read_head(START + line + b"\r\n\r\n", LIMITS).keeps_alive is keeps
    assert not read_head(b"GET / HTTP/1.0\r\n" + line + b"\r\n\r\n", LIMITS).keeps_alive


def test_a_bad_line_at_the_bound_is_refused_as_fast_as_a_good_one_is_read() -> None:
    blanks = b"A:" + b" \t" * 15_000 + b"b" * 30_000 + b"\0"
    with pytest.raises(Refused):
        read_head(START + blanks + b"\r\n\r\n", LIMITS)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (b"Content-Length: 1\r\nContent-Length: 1\r\n", "more than one content-length"),
        (b"Host: a\r\n", "more than one host"),
        (b"Content-Length: 1x\r\n", "not a number"),
        (b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "both"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", "more than one transfer"),
        (b"Transfer-Encoding: gzip, chunked\r\n", "other than chunked"),
        (b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", "more than one auth"),
        (b"X-Api-Key: a\r\nx-api-key: b\r\n", "more than one x-api-key"),
    ],
)
def test_two_readings_are_refused_with_the_reason(headers: bytes, told: str) -> None:
    with pytest.raises(Refused, match=told) as caught:
        read_head(START + headers + b"\r\n", LIMITS)
    assert caught.value.fault.http_status == 400


def test_the_bounds_are_the_limits_own() -> None:
    limits = Limits(header_lines=2, request_line_bytes=20, head_bytes=100)
    assert read_head(b"GET / HTTP/1.1\r\nHost: a\r\nB: b\r\n\r\n", limits).length == 0
    with pytest.raises(Refused) as too_many:
        read_head(b"GET / HTTP/1.1\r\nHost: a\r\nB: b\r\nC: c\r\n\r\n", limits)
    with pytest.raises(Refused) as too_long:
        read_head(b"GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n", limits)
    with pytest.raises(Refused) as too_large:
        check_part(bytearray(b"GET / HTTP/1.1\r\nA: " + b"a" * 100), 0, limits)
    statuses = [caught.value.fault.http_status for caught in (too_many, too_long, too_large)]
    assert statuses == [431, 414, 431]


@given(st.integers(0, len(START)))
@settings(max_examples=30, deadline=None)
def test_the_beginning_of_a_good_head_is_never_refused(cut: int) -> None:
    check_part(bytearray(START[:cut]), 0, LIMITS)


@pytest.mark.parametrize(
    "beginning",
    [
        b"\x16\x03\x01",
        b"get",
        b"GET /\n",
        b"GET / HTTP/1.1\r\nA: b\n",
        b"GET / HTTP/2\r\n",
        b"\r\r",
    ],
)
def test_what_can_no_longer_become_a_head_is_refused_at_once(beginning: bytes) -> None:
    with pytest.raises(Refused):
        check_part(bytearray(beginning), 0, LIMITS)


@pytest.mark.parametrize(
    ("head", "target"),
    [(START, b"/v1/messages?beta=true"), (b"\x16\x03", b""), (b"", b""), (b"GET  /a", b"/a")],
)
def test_the_target_is_found_in_whatever_came(head: bytes, target: bytes) -> None:
    assert read_target(head) == target


@pytest.mark.parametrize(
    ("line", "expects"),
    [
        (b"Expect: 100-continue", True),
        (b"expect: 100-Continue", True),
        (b"Expect: 100-continue, tea", False),
        (b"X-Expect: 100-continue", False),
    ],
)
def test_who_waits_for_a_word_before_the_body_is_known(line: bytes, expects: bool) -> None:
    assert read_head(START + line + b"\r\n\r\n", LIMITS).expects_continue is expects
    old = b"GET / HTTP/1.0\r\n" + line + b"\r\n\r\n"
    assert not read_head(old, LIMITS).expects_continue
