"""Where an answer's body ends: by its length, by its chunks, or with the connection."""

import re
from typing import Protocol

_MOST_LINE = 4096
"""Of a chunk's size with its extensions."""
_MOST_TRAILERS = 8 * 1024
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_TRAILERS = re.compile(rb"(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")


class Malformed(Exception):  # noqa: N818 - named for the fact
    """Bytes that HTTP does not allow in their place; ``before`` are those of the body that came
    with them, and before them."""

    before = b""


class Body(Protocol):
    """What follows an answer's head."""

    ended: bool
    surplus: bool
    """Bytes came after the end."""
    ends_with_connection: bool

    def feed(self, data: bytes) -> bytes:
        """The bytes of the body in `data`. Raises Malformed."""
        ...


class Sized:
    """A body of known length."""

    __slots__ = ("_left", "ended", "surplus")
    ends_with_connection = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            return data
        self.ended = True
        self.surplus = len(data) > left
        self._left = 0
        return data[:left]


class UntilClose:
    """A body that ends when the connection does."""

    __slots__ = ("ended", "surplus")
    ends_with_connection = True

    def __init__(self) -> None:
        self.ended = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`."""
        return data


class Chunked:
    """A body in chunks (RFC 9112 section 7.1). What trailers say is not kept."""

    __slots__ = ("_after_chunk", "_between", "_held", "_in_trailers", "_left", "ended", "surplus")
    ends_with_connection = False

    def __init__(self) -> None:
        self._between = True  # nothing is held, and a chunk begins
        self._held = b""
        self._left = 0
        self._after_chunk = False
        self._in_trailers = False
        self.ended = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See `Body.feed`. What a stream's chunks mostly are, exactly one in its plainest form,
        is recognised by its length alone."""
        if self._between:
            begin = data.find(b"\r\n") + 2
            size = len(data) - begin - 2
            if size > 0 and data[:begin].lower() == b"%x\r\n" % size and data.endswith(b"\r\n"):
                return data[begin:-2]
        piece = self._take_apart(data)
        self._between = not (self._held or self._left or self._after_chunk or self._in_trailers)
        return piece

    def _take_apart(self, data: bytes) -> bytes:
        """Chunks that are cut anywhere."""
        if self._held:
            data = self._held + data
            self._held = b""
        pieces = []
        at, length = 0, len(data)
        while at < length:
            left = self._left
            if left:
                piece = data[at : at + left]
                pieces.append(piece)
                at += len(piece)
                self._left = left - len(piece)
                self._after_chunk = True
                continue
            begin = at
            try:
                at = self._step(data, at)
            except Malformed as malformed:
                malformed.before = b"".join(pieces)
                raise
            if at == begin:
                self._held = data[at:]
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _step(self, data: bytes, at: int) -> int:
        """Reads what stands between the bytes of two chunks; where it ends, or `at` if more is
        needed."""
        if self._in_trailers:
            return self._end(data, at)
        if self._after_chunk:
            if data.startswith(b"\r\n", at):
                self._after_chunk = False
                return at + 2
            if data[at:] != b"\r":
                raise Malformed("a chunk is longer than its size says")
            return at
        line = _SIZE_LINE.match(data, at)
        if line is None:
            if data.find(b"\n", at) >= 0 or len(data) - at > _MOST_LINE:
                raise Malformed("a chunk has no size")
            return at
        if line.end() - at > _MOST_LINE:
            raise Malformed("a chunk's extensions are too long")
        self._left = int(line[1], 16)
        self._in_trailers = self._left == 0
        return line.end()

    def _end(self, data: bytes, at: int) -> int:
        """Reads the trailers and the empty line after them."""
        if self.ended:
            self.surplus = True
            return len(data)
        trailers = _TRAILERS.match(data, at)
        end = trailers.end() if trailers is not None else at
        if end - at > _MOST_TRAILERS or (end == at and len(data) - at > _MOST_TRAILERS):
            raise Malformed("the trailers are too long")
        if end == at and b"\r\n\r\n" in data[at:]:
            raise Malformed("the trailers are not legal")
        self.ended = end > at
        return end
