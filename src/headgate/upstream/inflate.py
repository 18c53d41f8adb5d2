"""Answers that come compressed although plain text was asked for, unpacked as they flow."""

import zlib
from collections.abc import Mapping

from headgate.upstream.answer import Answer, AnswerBroken, PushAnswer

_STEP = 256 * 1024
_MOST_RATIO = 1000
_FREE = 8 * 1024 * 1024
"""Output up to here is never called a bomb, whatever its ratio."""

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""zlib's ``wbits``: gzip framing, or for ``deflate`` whichever of zlib's and gzip's it finds."""

_GZIP = b"\x1f\x8b"


def inflated(answer: Answer) -> Answer:
    """`answer` itself where its body is plain, else one that reads plain bytes.

    Raises AnswerBroken for an encoding that was not offered and cannot be undone.
    """
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return SniffedAnswer(answer)
    if encoding not in _WINDOW:
        raise AnswerBroken(f"the answer is encoded as {encoding[:40]!r}, which nobody asked for")
    return InflatedAnswer(answer, _WINDOW[encoding])


class SniffedAnswer:
    """Passes an unlabelled body on, unless its first bytes are gzip's."""

    def __init__(self, answer: Answer) -> None:
        self._answer: Answer = answer
        self._first = True
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        data = await self._answer.read()
        if self._first and data:
            self._first = False
            if data[:2] == _GZIP:
                unpacked = InflatedAnswer(self._answer, _WINDOW["gzip"])
                self._answer = unpacked
                self.headers = unpacked.headers
                return unpacked.unpack(data) or await unpacked.read()
        return data

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        self._answer.close()

    def pushing(self) -> PushAnswer | None:
        """See `headgate.upstream.answer.Answer.pushing`."""
        return None if self._first else self._answer.pushing()


class InflatedAnswer:
    """Unpacks a body piece by piece, each step bounded, so that a small answer cannot grow
    without end."""

    def __init__(self, answer: Answer, window: int) -> None:
        self._answer = answer
        self._window = window
        self._unpacker = zlib.decompressobj(window)
        self._packed = b""
        self._taken = 0
        self._given = 0
        self.status = answer.status
        self.headers: Mapping[str, str] = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-encoding", "content-length")
        }

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        packed = b""
        while self._packed or (packed := await self._answer.read()):
            if plain := self.unpack(packed):
                return plain
            packed = b""
        if not self._unpacker.eof:
            raise AnswerBroken("the compressed answer ended in the middle")
        return b""

    def unpack(self, packed: bytes) -> bytes:
        """The next plain bytes of `packed` and what was left over; raises AnswerBroken."""
        self._taken += len(packed)
        packed = self._packed + packed
        self._packed = b""
        if self._unpacker.eof and not self._opens_another(packed):
            return b""
        try:
            plain = self._unpacker.decompress(packed, _STEP)
        except zlib.error as error:
            raise AnswerBroken("the compressed answer is damaged") from error
        self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        self._given += len(plain)
        if self._given > max(_FREE, self._taken * _MOST_RATIO):
            raise AnswerBroken("the compressed answer grows out of proportion")
        return plain

    def _opens_another(self, packed: bytes) -> bool:
        """Whether gzip goes on behind its end (RFC 1952 section 2.2). What else stands there says
        nothing, and is not kept."""
        if self._window != _WINDOW["gzip"] or not _GZIP.startswith(packed[:2]):
            return False
        self._unpacker = zlib.decompressobj(self._window)
        return True

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        self._answer.close()

    def pushing(self) -> None:
        """See `headgate.upstream.answer.Answer.pushing`."""
