"""The head of an answer, and what it says about the body and the connection.

Every line of it is a field or the head is refused (`headgate.wire.head_fields`). Only a bare LF is
let pass for a line's end (RFC 9112 section 2.2).
"""

import re

import msgspec

from headgate.upstream.framing import Body, Chunked, Malformed, Sized, UntilClose
from headgate.wire.head_fields import count_fields, read_fields

MOST_HEAD_BYTES = 64 * 1024
MOST_FIELDS = 256
_END = re.compile(rb"\n\r?\n")
_START = b"HTTP/1."
_STATUS_LINE = re.compile(
    r"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*+)?\r?\n", re.ASCII
)


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
    """The head that `data` is, up to its empty line. Raises Malformed."""
    text = data.decode("latin-1")
    status_line = _STATUS_LINE.match(text)
    if status_line is None:
        raise Malformed("this does not begin as an answer in HTTP/1 does")
    if count_fields(text) > MOST_FIELDS:
        raise Malformed("the head has too many fields")
    fields = read_fields(text, status_line.end(), allows_bare_lf=True)
    if fields is None:
        raise Malformed("a line of the head is not a name, a colon and a value")
    return _judged(int(status_line[2]), fields, status_line[1] == "1.1")


def body_of(head: Head, method: str) -> Body:
    """How the body of the answer to a `method` is framed (RFC 9112 section 6.3)."""
    if method == "HEAD" or head.status in (204, 304):
        return Sized(0)
    if head.chunked:
        return Chunked()
    return UntilClose() if head.length is None else Sized(head.length)


def _judged(status: int, fields: list[tuple[str, str]], persistent: bool) -> Head:
    if status == 101:
        raise Malformed("it goes on in another protocol")  # for which nobody asked
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
