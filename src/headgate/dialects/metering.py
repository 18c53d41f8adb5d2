"""The meter of every SSE dialect: one scan a chunk, and a closer look only where it pays."""

import re
from collections.abc import Callable
from typing import Literal

from headgate.dialects.facts import Facts
from headgate.wire import sse

Verdict = Literal["pass", "hide", "last"]
"""What becomes of a frame: relayed, taken out, or relayed as the stream's terminator."""

_FRAME_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")


class SseMeter:
    """Relays whole frames and notes facts.

    `interest` is searched for in the bytes; only where it is found (and in the first event) are
    frames taken apart and shown to `note(facts, frame)`, which updates the facts and gives the
    verdict. `note` must not raise on any frame.
    """

    def __init__(
        self, interest: re.Pattern[bytes], note: Callable[[Facts, sse.Frame], Verdict]
    ) -> None:
        self.facts = Facts()
        self._search = interest.search
        self._note = note
        self._splitter = sse.Splitter()

    def feed(self, data: bytes) -> bytes:
        """See `headgate.dialects.dialect.Meter.feed`."""
        facts = self.facts
        if facts.terminated:
            return b""
        whole = self._splitter.feed(data)
        if not whole:
            return b""
        if facts.events == 0 or self._search(whole) is not None:
            return self._look(whole)
        if whole.startswith((b"data:", b"event:")) or b"\ndata:" in whole:
            facts.events += 1
            facts.output_bytes += len(whole)
        return whole

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Meter.end`."""
        rest = self._splitter.rest()
        if self.facts.terminated or not rest:
            return b""
        frames = sse.parse(rest)
        if not frames or not sse.is_whole(frames[-1].data):
            return b""
        return self._look(rest.rstrip(b"\r\n") + b"\n\n")

    def _look(self, whole: bytes) -> bytes:
        out: list[bytes] = []
        start = 0
        while start < len(whole) and not self.facts.terminated:
            match = _FRAME_END.search(whole, start)
            end = match.end() if match else len(whole)
            piece = whole[start:end]
            start = end
            if self._keep(piece):
                out.append(piece)
        return b"".join(out)

    def _keep(self, piece: bytes) -> bool:
        keep = True
        for frame in sse.parse(piece.removeprefix(sse.BOM)):
            verdict = self._note(self.facts, frame)
            if verdict == "last":
                self.facts.terminated = True
            else:
                self.facts.events += 1
                self.facts.output_bytes += len(piece)
            keep = verdict != "hide"
        return keep
