import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.upstream.framing import Chunked, Malformed, Sized, UntilClose
from headgate.upstream.head import MOST_FIELDS, MOST_HEAD_BYTES, body_of, head_end, read_head


def _head(*lines: str, line: str = "HTTP/1.1 200 OK") -> bytes:
    return "".join(f"{one}\r\n" for one in (line, *lines, "")).encode("latin-1")


def test_names_are_lower_case_and_of_repeated_ones_the_last_counts() -> None:
    head = read_head(_head("X-A: 1", "x-a:  2 ", "Empty:", "x-b: caf\xe9"))
    assert head.status == 200
    assert head.headers == {"x-a": "2", "empty": "", "x-b": "caf\xe9"}


@given(st.binary(max_size=80))
def test_any_bytes_are_a_head_or_malformed(data: bytes) -> None:
    for whole in (data, b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n"):
        try:
            if end := head_end(whole):
                read_head(whole[:end])
        except Malformed:
            pass


class Opinion:
    """What llhttp makes of an answer's head."""

    def __init__(self, head: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.parser = httptools.HttpResponseParser(self)
        self.parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)
        self.parser.feed_data(head)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.decode().lower(), value.decode("latin-1").strip(" \t")))


_WORDS = b"A|b|:| |\t|\r\n|\r|\n|\0|\xe9|\x7f|Connection: |close|Content-Length: |3|X-A: b"
LIKELY = st.lists(st.sampled_from(_WORDS.split(b"|")), max_size=12).map(b"".join)


@given(LIKELY)
@settings(max_examples=500, deadline=None)
def test_what_is_read_another_parser_reads_in_the_same_way(lines: bytes) -> None:
    data = b"HTTP/1.1 200 " + lines + b"\r\n\r\n"
    head = data[: head_end(data)]
    try:
        read = read_head(head)
    except Malformed:
        return
    opinion = Opinion(head)
    assert opinion.parser.get_status_code() == read.status
    assert dict(opinion.fields) == read.headers


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"<html>\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * MOST_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * MOST_HEAD_BYTES + b"\r\n\r\n",
    ],
)
def test_what_cannot_become_a_head_is_told_at_once(data: bytes) -> None:
    with pytest.raises(Malformed):
        head_end(data)


@pytest.mark.parametrize(
    "data",
    [
        _head(line="HTTP/2.0 200 OK"),
        _head(line="HTTP/1.2 200 OK"),
        _head(line="HTTP/1.1 2x0 OK"),
        _head(line="HTTP/1.1 20 OK"),
        _head(line="HTTP/1.1"),
        _head(line="HTTP/1.1 2000 OK"),
        _head(line="HTTP/1.1 200OK"),
        _head(line="HTTP/1.1 200 O\x00K"),
        b"HTTP/1.1 200 OK\r\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: y\r\r\n\r\n",
        _head("x a: b"),
        _head(": b"),
        _head("x\x01: b"),
        _head("x: b\x00c"),
        _head("x: b\x01c"),
        _head("no colon"),
        _head(" folded: x"),
        _head("x: y", " folded"),
        _head("x : y"),
        b"HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n",
        _head("content-length: 1", "content-length: 2"),
        _head("content-length: 1", "content-length: 1"),
        _head("content-length: 1, 1"),
        _head("content-length: -1"),
        _head("content-length: +1"),
        _head("content-length: 1x"),
        _head("content-length:"),
        _head("content-length: 99999999999999999999"),
        _head("content-length: 1", "transfer-encoding: chunked"),
        _head("transfer-encoding: gzip"),
        _head("transfer-encoding: gzip, chunked"),
        _head("transfer-encoding: chunked", "transfer-encoding: chunked"),
        _head("transfer-encoding: identity"),
        _head("connection: upgrade", "upgrade: websocket", line="HTTP/1.1 101 Go"),
        _head(*(f"x-{i}: y" for i in range(MOST_FIELDS + 1))),
    ],
)
def test_an_illegal_head_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_head(data)


def test_a_line_may_end_in_a_bare_lf() -> None:
    head = read_head(b"HTTP/1.1 200\nx: y \ncontent-length:\t3\r\n\n")
    assert head.headers == {"x": "y", "content-length": "3"}
    assert head.length == 3


@pytest.mark.parametrize("end", ["\r\n\r\n", "\n\n", "\n\r\n"])
def test_the_end_of_a_head_is_found_wherever_it_is_cut(end: str) -> None:
    data = f"HTTP/1.1 200 OK\r\nx: y{end}".encode()
    for cut in range(len(data)):
        assert head_end(data[:cut]) == 0
        assert head_end(data + b"body", seen=cut) == len(data)
    assert read_head(data).headers == {"x": "y"}


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (_head("content-length: 0"), True),
        (_head("content-length: 0", "connection: close"), False),
        (_head("content-length: 0", "connection: x, Close"), False),
        (_head("content-length: 0", "connection: close", "connection: keep-alive"), False),
        (_head("content-length: 0", line="HTTP/1.0 200 OK"), False),
        (_head("content-length: 0", "connection: keep-alive", line="HTTP/1.0 200 OK"), True),
        (_head("transfer-encoding: chunked", "connection: keep-alive", line="HTTP/1.0 200"), False),
    ],
)
def test_whether_the_connection_stays_is_said_in_the_head(head: bytes, keeps: bool) -> None:
    assert read_head(head).keeps is keeps


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [("timeout=5", 4.0), ("max=9, timeout=5", 4.0), ("timeout=0", 0.0), ("x", None)],
)
def test_how_long_it_stays_may_be_said_too(hint: str, seconds: float | None) -> None:
    assert read_head(_head(f"keep-alive: {hint}")).idle_s == seconds


@pytest.mark.parametrize(
    ("head", "method", "kind"),
    [
        (_head("content-length: 5"), "POST", Sized),
        (_head("transfer-encoding: Chunked"), "POST", Chunked),
        (_head(), "POST", UntilClose),
        (_head("content-length: 5"), "HEAD", None),
        (_head("transfer-encoding: chunked"), "HEAD", None),
        (_head("content-length: 5", line="HTTP/1.1 204 No"), "POST", None),
        (_head("content-length: 5", line="HTTP/1.1 304 No"), "GET", None),
        (_head(line="HTTP/1.1 200"), "GET", UntilClose),
    ],
)
def test_the_head_says_how_the_body_is_framed(
    head: bytes, method: str, kind: type[object] | None
) -> None:
    body = body_of(read_head(head), method)
    assert body.ended is (kind is None)
    assert isinstance(body, kind or Sized)
