"""The binary frames of AWS event streams, cut anywhere, in bounded memory.

::

    frame   = prelude headers payload crc(4)      the last CRC covers all before it
    prelude = total-length(4) headers-length(4) crc(4)
    header  = name-length(1) name type(1) value

All numbers are big-endian, CRCs are CRC-32 (IEEE). Source: Amazon Transcribe developer guide,
"Event stream encoding"; smithy.io specification, ``application/vnd.amazon.eventstream``.
"""

import struct
import zlib
from collections.abc import Mapping

import msgspec

from headgate.model.fault import StreamBroken

MAX_FRAME = 24 * 1024 * 1024
"""Bytes of one frame: AWS allows 16 MiB of payload (24 MiB in some services)."""

MAX_HEADERS = 128 * 1024

_PRELUDE = struct.Struct(">II")
_CRC = struct.Struct(">I")
_OVERHEAD = 16
_STRING = 7
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_COUNTED = (6, _STRING)


class Message(msgspec.Struct, frozen=True):
    """One frame taken apart. ``headers`` holds the string headers; others are left out."""

    headers: Mapping[str, str]
    payload: bytes


class Splitter:
    """Bytes to whole frames with good checksums; what is not whole yet is held."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._held = bytearray()
        self._limit = limit

    @property
    def held(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes, as they came. Raises StreamBroken where the bytes
        are no event stream, a checksum is wrong or a frame exceeds the limit."""
        held = self._held
        held += data
        frames: list[bytes] = []
        start = 0
        while len(held) - start >= _OVERHEAD - 4:
            total = self._total(held, start)
            if len(held) - start < total:
                break
            frames.append(_checked(bytes(held[start : start + total])))
            start += total
        del held[:start]
        return frames

    def _total(self, held: bytearray, start: int) -> int:
        total, headers = _PRELUDE.unpack_from(held, start)
        (crc,) = _CRC.unpack_from(held, start + 8)
        if zlib.crc32(held[start : start + 8]) != crc:
            raise StreamBroken("the prelude checksum of an event is wrong")
        if total > self._limit:
            raise StreamBroken(f"one event is larger than {self._limit} bytes")
        if headers > MAX_HEADERS or total < headers + _OVERHEAD:
            raise StreamBroken("the lengths of an event contradict each other")
        return int(total)


def decode(frame: bytes) -> Message:
    """A whole frame taken apart. Raises StreamBroken where its headers are damaged."""
    _, length = _PRELUDE.unpack_from(frame)
    end = 12 + length
    headers: dict[str, str] = {}
    position = 12
    try:
        while position < end:
            position = _read_header(frame, position, headers)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise StreamBroken("the headers of an event are damaged") from error
    if position != end:
        raise StreamBroken("the headers of an event overrun their length")
    return Message(headers, frame[end:-4])


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with string headers."""
    block = b"".join(_write_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(_OVERHEAD + len(block) + len(payload), len(block))
    frame = prelude + _CRC.pack(zlib.crc32(prelude)) + block + payload
    return frame + _CRC.pack(zlib.crc32(frame))


def _checked(frame: bytes) -> bytes:
    (crc,) = _CRC.unpack_from(frame, len(frame) - 4)
    if zlib.crc32(memoryview(frame)[:-4]) != crc:
        raise StreamBroken("the checksum of an event is wrong")
    return frame


def _read_header(frame: bytes, position: int, headers: dict[str, str]) -> int:
    name_end = position + 1 + frame[position]
    kind = frame[name_end]
    start = name_end + 1
    if kind in _COUNTED:
        (size,) = struct.unpack_from(">H", frame, start)
        start += 2
    elif kind in _FIXED:
        size = _FIXED[kind]
    else:
        raise StreamBroken(f"an event has a header of unknown type {kind}")
    if kind == _STRING:
        headers[frame[position + 1 : name_end].decode()] = frame[start : start + size].decode()
    return int(start + size)


def _write_header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode()
    return b"%c%b%c%b%b" % (
        len(name_bytes),
        name_bytes,
        _STRING,
        struct.pack(">H", len(value_bytes)),
        value_bytes,
    )
