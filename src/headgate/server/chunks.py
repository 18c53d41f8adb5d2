"""A chunked body taken out of its framing, in the strict reading of RFC 9112 section 7.1."""

import re

from headgate.model.fault import bad_request

MAX_LINE = 256
"""Bytes of a chunk-size line with its extensions, which are ignored."""

MAX_TRAILER = 8 * 1024
"""Bytes of the trailer section, which is dropped."""

_FREE_CHUNKS = 10_000
_MEAN_CHUNK = 16
"""After so many chunks their mean size must be at least this: tiny ones cost more than they say."""

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e]*)?\Z")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\Z")


class ChunkReader:
    """Follows one chunked body over pieces that are cut anywhere."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data_left = 0
        self._after_data = False
        self._in_trailer = False
        self._trailer_bytes = 0
        self._chunks = 0
        self._bytes = 0
        self._taken: list[bytes] = []
        self.done = False

    def feed(self, piece: bytes) -> int:
        """How many bytes of `piece` belong to this body; `done` says whether it ended there.

        Raises Refused where the framing is broken.
        """
        position = 0
        while position < len(piece) and not self.done:
            if self._data_left:
                data = piece[position : position + self._data_left]
                self._taken.append(data)
                self._data_left -= len(data)
                position += len(data)
            else:
                position = self._take_line(piece, position)
        return position

    def take(self) -> bytes:
        """The data that was found since the last time."""
        data = b"".join(self._taken)
        self._taken.clear()
        return data

    def _take_line(self, piece: bytes, position: int) -> int:
        end = piece.find(b"\n", position)
        stop = len(piece) if end < 0 else end + 1
        self._line += piece[position:stop]
        if len(self._line) > (MAX_TRAILER if self._in_trailer else MAX_LINE):
            raise bad_request("a line of the chunked body is too long")
        if end >= 0:
            if self._line[-2:] != b"\r\n":
                raise bad_request("a line of the chunked body does not end in CR LF")
            line = bytes(self._line[:-2])
            self._line.clear()
            self._read_line(line)
        return stop

    def _read_line(self, line: bytes) -> None:
        if self._in_trailer:
            self._read_trailer(line)
        elif self._after_data:
            self._end_data(line)
        else:
            self._read_size(line)

    def _end_data(self, line: bytes) -> None:
        if line:
            raise bad_request("a chunk is longer than its size says")
        self._after_data = False

    def _read_size(self, line: bytes) -> None:
        match = _SIZE_LINE.match(line)
        if match is None:
            raise bad_request("a chunk size is not a hexadecimal number")
        size = int(match[1], 16)
        self._in_trailer = size == 0
        self._after_data = size > 0
        self._data_left = size
        self._chunks += 1
        self._bytes += size
        if self._chunks > _FREE_CHUNKS and self._bytes < _MEAN_CHUNK * self._chunks:
            raise bad_request("too many tiny chunks")

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
            return
        self._trailer_bytes += len(line)
        if self._trailer_bytes > MAX_TRAILER or not _TRAILER.match(line):
            raise bad_request("the trailer of the chunked body is too long or malformed")
