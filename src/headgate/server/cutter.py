"""A connection's bytes cut into heads and pieces of bodies, before a parser sees them."""

from headgate.model.fault import Refused
from headgate.server.chunks import ChunkScanner
from headgate.server.head import check_part, read_head, read_target
from headgate.server.limits import Limits


class Cutter:
    """Follows where each message ends, over pieces that are cut anywhere.

    ``expects_continue``: of the head that was cut off last, whether its peer waits for a word
    before it sends the body.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._head = bytearray()
        self._skipped = False
        self._body_left = 0
        self._chunks: ChunkScanner | None = None
        self._refused_target: bytes | None = None
        self.expects_continue = False

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

    def cut(self, data: bytes) -> tuple[bytes, bytes]:
        """What may be parsed now, all of one message, and the rest of `data`.

        Raises Refused where the bytes are not HTTP or could be read in two ways.
        """
        if self._body_left:
            return self._cut_body(data)
        if self._chunks is not None:
            return self._cut_chunks(data, self._chunks)
        whole, rest = self._cut_head(data)
        return self._open_message(whole, rest) if whole else (b"", b"")

    def _open_message(self, whole: bytes, rest: bytes) -> tuple[bytes, bytes]:
        try:
            head = read_head(whole, self._limits)
        except Refused:
            self._refused_target = read_target(whole)
            raise
        self.expects_continue = head.expects_continue
        if head.chunked:
            self._chunks = ChunkScanner()
        elif head.length:
            if head.length <= len(rest):
                # The usual request came whole: one call of the parser for all of it.
                return head.data + rest[: head.length], rest[head.length :]
            self._body_left = head.length
        return head.data, rest

    def _cut_body(self, data: bytes) -> tuple[bytes, bytes]:
        piece = data[: self._body_left]
        self._body_left -= len(piece)
        return piece, data[len(piece) :]

    def _cut_chunks(self, data: bytes, chunks: ChunkScanner) -> tuple[bytes, bytes]:
        end = chunks.feed(data)
        if chunks.done:
            self._chunks = None
        return data[:end], data[end:]

    def _cut_head(self, data: bytes) -> tuple[bytes, bytes]:
        """The whole head and what follows it; nothing and nothing while it is not whole."""
        held = self._head
        if not held:
            end = data.find(b"\r\n\r\n") + 4
            if 4 < end <= self._limits.head_bytes and data[:1] != b"\r":
                self._skipped = False
                return data[:end], data[end:]
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
