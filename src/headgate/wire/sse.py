"""Server-sent events as the WHATWG specifies them, cut anywhere, in bounded memory.

Two readers of the same bytes: `Splitter` finds where whole frames end and gives back the original
bytes (relaying needs no more), `Decoder` takes them apart. Source: HTML standard, section 9.2.6,
with two deviations for backends: a last event without its blank line counts when its data is
whole JSON (or a ``[DONE]``), and a frame has a size limit.
"""

import re

import msgspec

from headgate.model.fault import StreamBroken

MAX_FRAME = 64 * 1024 * 1024
"""Bytes of one frame; a frame may be megabytes (images, encrypted reasoning), not endless."""

BOM = b"\xef\xbb\xbf"
WHOLE = (b"\n\n", b"\r\n\r\n")
"""How bytes end behind which no frame is open, if none was before them."""

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_HALF_LINE_END = re.compile(rb"\n\r\Z")
"""A CR behind an LF at the very end: of a stream with CRLF, whose LF is still to come."""


class Frame(msgspec.Struct, frozen=True):
    """One event: its name (``""`` where none was given) and its data, lines joined with LF."""

    event: str
    data: bytes


class Splitter:
    """Gives back bytes up to the end of the last whole frame and holds the rest.

    Concatenated, what `feed` and `rest` return is exactly what was fed.
    """

    __slots__ = ("_held", "_limit", "_scan_from")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._held = bytearray()
        self._scan_from = 0
        self._limit = limit

    @property
    def holds(self) -> bool:
        """Whether a frame is open."""
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """The whole frames that `data` completes, as they came; ``b""`` where none is whole.

        Raises StreamBroken where one frame exceeds the limit.
        """
        held = self._held
        if not held and data.endswith(WHOLE):
            return data
        held += data
        end = self._last_blank_line()
        if end < 0:
            self._scan_from = max(0, len(held) - 3)
            if len(held) > self._limit:
                raise StreamBroken(f"one event is larger than {self._limit} bytes")
            return b""
        whole = bytes(held[:end])
        del held[:end]
        self._scan_from = 0
        return whole

    def rest(self) -> bytes:
        """What is held: the start of a frame that never ended. Holds nothing afterwards."""
        rest = bytes(self._held)
        self._held.clear()
        self._scan_from = 0
        return rest

    def _last_blank_line(self) -> int:
        end = -1
        position = self._scan_from
        while match := _BLANK_LINE.search(self._held, position):
            position = match.end()
            if position < len(self._held) or not _HALF_LINE_END.search(match.group()):
                end = position
        return end


class Decoder:
    """Bytes to frames. `feed` returns the frames completed, `end` the last unterminated one."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._splitter = Splitter(limit)
        self._started = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; comments and frames without data are left out."""
        whole = self._splitter.feed(data)
        return self._decode(whole) if whole else []

    def end(self) -> list[Frame]:
        """At the end of the bytes: the last frame, if its data is whole though its blank line
        is missing; what is not whole is dropped."""
        return [f for f in self._decode(self._splitter.rest()) if is_whole(f.data)]

    def _decode(self, whole: bytes) -> list[Frame]:
        if not self._started:
            whole = whole.removeprefix(BOM)
            self._started = True
        return parse(whole)


def parse(whole: bytes) -> list[Frame]:
    """The frames in bytes that hold whole frames only (the last may lack its blank line)."""
    frames: list[Frame] = []
    event = ""
    data: list[bytes] = []
    for line in whole.splitlines():  # of bytes: CRLF, LF and CR alone
        if not line:
            if data:
                frames.append(Frame(event, data[0] if len(data) == 1 else b"\n".join(data)))
                data = []
            event = ""
        elif line.startswith(b"data:"):
            data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif line.startswith(b"event:"):
            event = line[6:].removeprefix(b" ").decode("utf-8", "replace")
        elif line == b"data":
            data.append(b"")
    if data:
        frames.append(Frame(event, data[0] if len(data) == 1 else b"\n".join(data)))
    return frames


def is_whole(data: bytes) -> bool:
    """Whether the data of an unterminated last event can be believed to be all of it."""
    if data.strip() == b"[DONE]":
        return True
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def write(data: bytes, event: str | None = None) -> bytes:
    """One frame of one line of data."""
    if event is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


def looks_like_sse(head: bytes) -> bool | None:
    """Whether a body that begins with `head` is an event stream; None: too few bytes to tell.

    Backends mislabel streams, so the first bytes decide and not the content type.
    """
    if head[:1] == b"{":
        return False
    head = head.removeprefix(BOM).lstrip(b"\r\n")
    if head.startswith((b"data:", b"event:", b"id:", b"retry:", b":")):
        return True
    if any(field.startswith(head) for field in (b"data:", b"event:", b"id:", b"retry:", BOM)):
        return None
    return False
