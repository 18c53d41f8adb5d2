"""Multipart forms, read as they arrive: what the small fields say and where they stand.

RFC 7578 over RFC 2046 section 5.1 in their strict reading. A form passes through here to another
reader, so what two readers could take for different things is refused, never guessed.
"""

import re
from typing import Literal

import msgspec

from headgate.model.fault import Refused, bad_request

MOST_PARTS = 100
MOST_HEADERS = 8 * 1024
"""Bytes of one part's headers."""
MOST_FIELD = 256 * 1024
"""Bytes of a field's value that are kept; of a longer one only its size is known."""

_CONTENT_TYPE = re.compile(r"multipart/form-data\s*((?:;[^;]*)+)", re.IGNORECASE)
_BOUNDARY = re.compile(
    r"\s*boundary\s*=\s*(\"?)([0-9A-Za-z'()+_,./:=? -]{1,70})\1\s*", re.IGNORECASE
)
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_PARAMETER = re.compile(
    rb";[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:\"((?:[^\"\\\r\n]|\\.)*)\"|([^\s;\"\\]+))[ \t]*"
)
_PLAIN_ENCODINGS = (b"7bit", b"8bit", b"binary")

State = Literal["opening", "headers", "body", "delimiter", "over"]


class Field(msgspec.Struct, frozen=True):
    """A part that is no file. ``start`` and ``end`` are the place of its value in the form;
    ``value`` is None where it is longer than is kept."""

    name: str
    value: bytes | None
    start: int
    end: int


class File(msgspec.Struct, frozen=True):
    """A part that is a file; ``size`` in bytes."""

    name: str
    filename: str
    content_type: str
    size: int


def is_form(content_type: str) -> bool:
    """Whether a body of this ``content-type`` is a form with parts."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def boundary_of(content_type: str) -> str:
    """The boundary of a form. Raises Refused where there is none, or more than one reading."""
    match = _CONTENT_TYPE.fullmatch(content_type.strip())
    found = []
    for parameter in match.group(1).split(";")[1:] if match else ():
        if parameter.partition("=")[0].strip().lower() == "boundary":
            found.append(_BOUNDARY.fullmatch(parameter))
    if len(found) != 1 or found[0] is None or found[0].group(2).endswith(" "):
        raise bad_request("The content-type of a form must name one boundary.", "content-type")
    return found[0].group(2)


def part_of(name: str, value: str) -> bytes:
    """A field as it stands in a form, behind its delimiter's line and before the next's."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    return f"{disposition}\r\n\r\n{value}".encode()


class _Part(msgspec.Struct):
    name: str
    filename: str | None
    content_type: str
    start: int


class FormScanner:
    """Follows one form over pieces that are cut anywhere.

    ``fields`` and ``files`` are the parts that are over, in their order; ``over`` says that the
    form is, ``begins_anew`` that a line's end stands before its first boundary. Of fields named in
    `once` there may be one each, and none of them a file.
    """

    def __init__(self, boundary: str, once: frozenset[str] = frozenset()) -> None:
        self.boundary = boundary
        self.fields: list[Field] = []
        self.files: list[File] = []
        self.begins_anew = False
        self._once = once
        self._mark = b"--" + boundary.encode()
        self._state: State = "opening"
        self._buffer = bytearray()
        self._base = 0  # where the buffer begins in the form
        self._searched = 0  # from where on the mark has not been looked for
        self._part: _Part | None = None
        self._value = bytearray()
        self._seen: set[str] = set()
        self._parts = 0

    @property
    def over(self) -> bool:
        """The closing delimiter was seen."""
        return self._state == "over"

    def field(self, name: str) -> Field | None:
        """The first field of that name, as far as it has been read."""
        return next((field for field in self.fields if field.name == name), None)

    def feed(self, data: bytes) -> None:
        """Takes the next bytes. Raises Refused where they are no form."""
        self._buffer += data
        while self._step():
            pass

    def end(self) -> None:
        """The bytes are over: the form must be. Raises Refused."""
        if not self.over:
            raise bad_request("The form ends before its closing boundary.")

    def _step(self) -> bool:
        """One step; whether another may follow with what is there."""
        match self._state:
            case "opening":
                return self._open()
            case "headers":
                return self._read_headers()
            case "body":
                return self._read_body()
            case "delimiter":
                return self._read_delimiter()
            case "over":
                return self._ignore()

    def _open(self) -> bool:
        mark = b"\r\n" + self._mark if self._buffer.startswith(b"\r") else self._mark
        if not mark.startswith(self._buffer[: len(mark)]):
            raise bad_request("The form does not begin with its boundary.")
        if len(self._buffer) < len(mark):
            return False
        self._drop(len(mark))
        self.begins_anew = mark != self._mark
        self._state = "delimiter"
        return True

    def _read_delimiter(self) -> bool:
        """What stands behind a boundary: the end of its line, or the end of the form."""
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self._drop(2)
            self._state = "over"
            return True
        line, newline, _ = self._buffer[:MOST_HEADERS].partition(b"\r\n")
        if line.strip(b" \t\r" if not newline else b" \t"):
            raise bad_request("The line of a boundary of the form holds something else.")
        if not newline:
            return self._wait()
        self._drop(len(line) + 2)
        self._state = "headers"
        return True

    def _read_headers(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, MOST_HEADERS)
        if end < 0:
            return self._wait()
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise bad_request(f"The form has more than {MOST_PARTS} parts.")
        head = bytes(self._buffer[:end])
        if b"\r\n" + self._mark in b"\r\n" + head:
            raise _not_alone()
        self._drop(end + 4)
        self._part = _read_part(head, self._base)
        self._value.clear()
        self._searched = 0
        self._check_once(self._part)
        self._state = "body"
        return True

    def _ignore(self) -> bool:
        """The epilogue means nothing; a careless reader might find more parts in it."""
        if self._buffer.strip(b" \t\r\n"):
            raise bad_request("Something stands behind the closing boundary of the form.")
        self._drop(len(self._buffer))
        return False

    def _wait(self) -> bool:
        if len(self._buffer) >= MOST_HEADERS:
            raise bad_request("The headers of a part of the form are too long.")
        return False

    def _check_once(self, part: _Part) -> None:
        name = part.name
        if name not in self._once:
            return
        if name in self._seen:
            raise bad_request(f"'{name}' stands twice in the form; send it once.", name)
        if part.filename is not None:
            raise bad_request(f"'{name}' must be a plain field of the form, not a file.", name)
        self._seen.add(name)

    def _read_body(self) -> bool:
        at = self._find_mark()
        part = self._part
        assert part is not None, "a body has headers before it"
        keeps = part.filename is None and len(self._value) <= MOST_FIELD
        if at is None:
            # What might be the beginning of a delimiter stays, with the line's end before it.
            done = max(0, len(self._buffer) - len(self._mark) - 1)
            if keeps:
                self._value += self._buffer[:done]
            self._drop(done)
            self._searched = max(0, len(self._buffer) - len(self._mark) + 1)
            return False
        if keeps:
            self._value += self._buffer[: at - 2]
        self._end_part(part, self._base + at - 2)
        self._drop(at + len(self._mark))
        self._state = "delimiter"
        return True

    def _find_mark(self) -> int | None:
        """Where the next delimiter's dashes are; None: not in what is there."""
        assert self._part is not None, "a body has headers before it"
        begin = self._part.start - self._base
        at = self._searched
        while (at := self._buffer.find(self._mark, at)) >= 0:
            before = bytes(self._buffer[max(begin, at - 2, 0) : at])
            if before == b"\r\n":
                return at
            if not before or before[-1:] in (b"\r", b"\n"):
                raise _not_alone()
            at += 1
        return None

    def _end_part(self, part: _Part, end: int) -> None:
        if part.filename is not None:
            file = File(part.name, part.filename, part.content_type, end - part.start)
            self.files.append(file)
            return
        value = bytes(self._value) if len(self._value) <= MOST_FIELD else None
        self.fields.append(Field(part.name, value, part.start, end))

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._base += size


def _read_part(head: bytes, start: int) -> _Part:
    headers: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n"):
        match = _HEADER.fullmatch(line)
        if match is None:
            raise bad_request("A header of a part of the form is malformed.")
        name = match.group(1).lower()
        if name in headers:
            raise bad_request("A header stands twice in a part of the form.")
        headers[name] = match.group(2).rstrip(b" \t")
    if headers.get(b"content-transfer-encoding", b"binary").lower() not in _PLAIN_ENCODINGS:
        raise bad_request("A part of the form is encoded, which forms must not be (RFC 7578).")
    name_, filename = _read_disposition(headers.get(b"content-disposition", b""))
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    return _Part(name_, filename, content_type, start)


def _read_disposition(value: bytes) -> tuple[str, str | None]:
    kind, semicolon, rest = value.partition(b";")
    if kind.strip().lower() != b"form-data":
        raise _nameless()
    parameters: dict[bytes, bytes] = {}
    position, rest = 0, semicolon + rest
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match.group(1).lower() in parameters:
            raise bad_request("The content-disposition of a part of the form is malformed.")
        quoted, token = match.group(2), match.group(3)
        parameters[match.group(1).lower()] = token if quoted is None else quoted
        position = match.end()
    name = parameters.get(b"name", b"")
    if not name or b"\\" in name or b"name*" in parameters:
        raise _nameless()
    filename = parameters.get(b"filename", parameters.get(b"filename*"))
    told = None if filename is None else filename.decode("utf-8", "replace")
    return name.decode("utf-8", "replace"), told


def _not_alone() -> Refused:
    return bad_request("A boundary of the form does not stand on a line of its own.")


def _nameless() -> Refused:
    return bad_request("Every part of a form needs a content-disposition with one plain name.")
