"""The meter of every SSE dialect: one scan a chunk, and a closer look only where it pays."""

import re
from collections.abc import Callable
from typing import Literal

from headgate.dialects.facts import Facts
from headgate.wire import sse

Verdict = Literal["pass", "hide", "last", "idle", "told"]
"""What becomes of a frame: relayed, taken out, relayed as the stream's last word (its terminator,
or an error after which nothing may follow), relayed without being counted (a ping), or relayed
and counted, while its bytes say nothing new (they repeat the request, or what was said before)."""

_FRAME_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)[\r\n]*+")
"""With all empty lines behind: they are not a frame each."""
_DATA_LINE = re.compile(rb"(?:^|[\r\n])data:")


class SseMeter:
    """Relays whole frames and notes facts.

    `interest` (a pattern whose alternatives share their first byte is the fastest) and, but for a
    frame that is one line with a JSON object, the literal `marks` are searched for in the bytes;
    only where one is found, and in the first event, are frames taken apart and shown to
    `note(facts, frame)`, which updates the facts and gives the verdict. `note` must not raise on
    any frame.
    """

    __slots__ = ("_holds", "_marks", "_note", "_search", "_splitter", "facts")

    def __init__(
        self,
        interest: re.Pattern[bytes],
        note: Callable[[Facts, sse.Frame], Verdict],
        marks: tuple[bytes, ...] = (),
    ) -> None:
        self.facts = Facts()
        self._search = interest.search
        self._marks = marks
        self._note = note
        self._splitter = sse.Splitter()
        self._holds = False

    def feed(self, data: bytes) -> bytes:
        """See `headgate.dialects.dialect.Meter.feed`."""
        facts = self.facts
        if facts.terminated:
            return b""
        if self._holds or not data.endswith(sse.WHOLE):
            data = self._splitter.feed(data)
            self._holds = self._splitter.holds
            if not data:
                return b""
        size = len(data)
        # Most chunks of most streams are one line: no mark can be in it, nor a second event.
        plain = data.startswith(b"data: {") and data.find(b"\n") == size - 2 and b"\r" not in data
        marked = not plain and any(mark in data for mark in self._marks)
        if marked or facts.events == 0 or self._search(data) is not None:
            return self._look(data)
        events = 1 if plain else _count(data)
        if events:
            facts.events += events
            facts.output_bytes += size
        return data

    def end(self) -> bytes:
        """See `headgate.dialects.dialect.Meter.end`."""
        rest = self._splitter.rest()
        if self.facts.terminated or not rest:
            return b""
        frames = sse.parse(rest.removeprefix(sse.BOM))
        if not frames or not sse.is_whole(frames[-1].data):
            return b""
        return self._look(rest.rstrip(b"\r\n") + b"\n\n")

    def _look(self, whole: bytes) -> bytes:
        out: list[bytes] = []
        start = 0
        while start < len(whole) and not self.facts.terminated:
            match = _FRAME_END.search(whole, start)
            end = match.end() if match else len(whole)
            out.append(self._judge(whole[start:end]))
            start = end
        return b"".join(out)

    def _judge(self, piece: bytes) -> bytes:
        """What is relayed of one frame: as a rule the frame."""
        facts = self.facts
        relayed = piece
        for frame in sse.parse(piece.removeprefix(sse.BOM)):
            verdict = self._note(facts, frame)
            if verdict == "last":
                facts.terminated = True
                if facts.finished:
                    facts.events = max(facts.events, 1)
                elif facts.events == 0 and facts.fault is None:
                    verdict = "hide"  # a terminator alone ends nothing
            elif verdict != "idle" and facts.fault is None:
                facts.events += 1
                facts.output_bytes += 0 if verdict == "told" else len(piece)
            relayed = b"" if verdict == "hide" else piece
        return relayed


def _count(whole: bytes) -> int:
    """How many events there are in whole frames, roughly: one for each line of data."""
    if b"\r" in whole:
        return len(_DATA_LINE.findall(whole))
    return whole.count(b"\ndata:") + whole.startswith(b"data:")
