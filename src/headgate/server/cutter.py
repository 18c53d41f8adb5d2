"""A connection's bytes cut into heads and pieces of bodies."""

from headgate.model.fault import Refused
from headgate.server.chunks import ChunkReader
from headgate.server.head import Head, check_part, read_head, read_target
from headgate.server.limits import Limits


class Cutter:
    """Follows where each message ends, over pieces that are cut anywhere."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._head = bytearray()
        self._skipped = False
        self._body_left = 0
        self._chunks: ChunkReader | None = None
        self._refused_target: bytes | None = None

    @property
    def partial(self) -> bool:
        """Whether a head has begun that is not whole yet."""
        return bool(self._head)

    @property
    def in_body(self) -> bool:
        """Whether more of a body is due."""
        return self._body_left > 0 or self._chunks is not None

    @property
    def refused_target(self) -> bytes:
        """The target of the head that could not be read, as far as there is one."""
        if self._refused_target is not None:
            return self._refused_target
        return read_target(self._head)

    def cut_head(self, data: bytes) -> tuple[Head | None, bytes, bytes]:
        """The next head, None while it is not whole, its body where `data` holds all of that, and
        what follows. If the body is not all there, it is what follows.

        Raises Refused where the bytes are not HTTP or could be read in two ways.
        """
        end = data.find(b"\r\n\r\n") + 4
        if not self._head and 4 < end <= self._limits.head_bytes and data[:1] != b"\r":
            self._skipped = False
            whole, rest = data[:end], data[end:]
        else:
            whole, rest = self._collect(data)
            if not whole:
                return None, b"", b""
        try:
            head = read_head(whole, self._limits)
        except Refused:
            self._refused_target = read_target(whole)
            raise
        length = head.length
        if head.chunked:
            self._chunks = ChunkReader()
        elif length == len(rest):
            return head, rest, b""
        elif length < len(rest):
            return head, rest[:length], rest[length:]
        else:
            self._body_left = length
        return head, b"", rest

    def cut_body(self, data: bytes) -> tuple[bytes, bytes]:
        """What `data` says of the body that is due, and what follows. Raises Refused."""
        if self._chunks is None:
            piece = data[: self._body_left]
            self._body_left -= len(piece)
            return piece, data[len(piece) :]
        chunks = self._chunks
        end = chunks.feed(data)
        if chunks.done:
            self._chunks = None
        return chunks.take(), data[end:]

    def _collect(self, data: bytes) -> tuple[bytes, bytes]:
        """The whole head and what follows it; nothing and nothing while it is not whole."""
        held = self._head
        scan_from = max(0, len(held) - 3)
        held += data
        if held[:2] == b"\r\n" and not self._skipped:
            # One empty line before a request is allowed for (RFC 9112 section 2.2).
            del held[:2]
            self._skipped = True
        end = held.find(b"\r\n\r\n", scan_from) + 4
        if end < 4 or end > self._limits.head_bytes:
            check_part(held, scan_from, self._limits)
            return b"", b""
        whole, rest = bytes(held[:end]), bytes(held[end:])
        held.clear()
        self._skipped = False
        return whole, rest
