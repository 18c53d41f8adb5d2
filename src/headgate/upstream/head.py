"""The head of an answer, read by llhttp, and what it says about the body and the connection."""

import re

import httptools
import msgspec

from headgate.upstream.framing import Body, Chunked, Malformed, Sized, UntilClose

MOST_HEAD_BYTES = 64 * 1024
MOST_FIELDS = 256
_END = re.compile(rb"\n\r?\n")
_START = b"HTTP/1."


class Head(msgspec.Struct, frozen=True):
    """One answer's head. ``headers`` by lower-case name, of repeated ones the last.

    ``keeps``: whether the connection stays open after the body; ``idle_s``: for how long at the
    most, where the backend says so.
    """

    status: int
    headers: dict[str, str]
    length: int | None
    chunked: bool
    keeps: bool
    idle_s: float | None


def head_end(data: bytes, seen: int = 0) -> int:
    """Where the head in `data` ends, 0 while it is not whole; no end is before `seen`.

    Raises Malformed for what cannot become a head that is read here.
    """
    if not data.startswith(_START) and data != _START[: len(data)]:
        raise Malformed("this is not HTTP/1")
    end = _END.search(data, max(0, seen - 2))
    if (end.end() if end is not None else len(data)) > MOST_HEAD_BYTES:
        raise Malformed("the head is too long")
    return end.end() if end is not None else 0


def read_head(data: bytes) -> Head:
    """The head that `data` is. Raises Malformed."""
    notes = _Notes()
    parser = httptools.HttpResponseParser(notes)
    parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)
    try:
        parser.feed_data(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        raise Malformed("the head is not legal") from error
    if not notes.whole or len(notes.fields) > MOST_FIELDS:
        raise Malformed("the head has too many fields, or none that end it")
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise Malformed("this is not HTTP/1")
    return _judged(parser.get_status_code(), notes.fields, version == "1.1")


def body_of(head: Head, method: str) -> Body:
    """How the body of the answer to a `method` is framed (RFC 9112 section 6.3)."""
    if method == "HEAD" or head.status in (204, 304):
        return Sized(0)
    if head.chunked:
        return Chunked()
    return UntilClose() if head.length is None else Sized(head.length)


class _Notes:
    """What llhttp calls while it reads one head."""

    __slots__ = ("fields", "whole")

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        self.whole = True


def _judged(status: int, fields: list[tuple[str, str]], persistent: bool) -> Head:
    headers = dict(fields)
    if len(headers) < len(fields):
        _refuse_repeated(fields)
        connection = ",".join(value for name, value in fields if name == "connection")
    else:
        connection = headers.get("connection", "")
    tokens = [token.strip() for token in connection.lower().split(",")] if connection else []
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None and (coding.lower() != "chunked" or length is not None):
        raise Malformed("the body is framed in two ways, or in one that was not offered")
    if length is not None and not (length.isascii() and length.isdigit() and len(length) < 19):
        raise Malformed("the length is no number")
    return Head(
        status=status,
        headers=headers,
        length=None if length is None else int(length),
        chunked=coding is not None,
        keeps="close" not in tokens if persistent else "keep-alive" in tokens and coding is None,
        idle_s=_idle_s(headers.get("keep-alive", "")),
    )


def _refuse_repeated(fields: list[tuple[str, str]]) -> None:
    names = [name for name, _ in fields]
    if names.count("content-length") > 1 or names.count("transfer-encoding") > 1:
        raise Malformed("the body is framed twice")


def _idle_s(hint: str) -> float | None:
    """``timeout=5`` of a ``keep-alive`` field, less a second for the way."""
    found = re.search(r"timeout=(\d{1,6})", hint) if hint else None
    return max(0.0, float(found[1]) - 1.0) if found is not None else None
