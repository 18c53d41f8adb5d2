"""Patterns over one text that arrives in pieces: what is safe goes on, the ambiguous end is held.

However the text is cut, what comes out is the same, and holds no match. Only `late`, when the end
has been held too long, makes a difference: what may have become the beginning of a match is given
out then, and the rest of the match is replaced when it comes.
"""

from collections.abc import Callable

from headgate.policies.patterns.finder import Finder, Hit

OnHit = Callable[[Hit], str | None]
"""What stands for a match; None: stop, nothing of it or after it is given out."""


class Scanner:
    """One text. Bytes before `_out` are given out; matches begin at `_start` or later."""

    def __init__(self, finder: Finder, on_hit: OnHit) -> None:
        self._finder = finder
        self._on_hit = on_hit
        self._data = b""
        self._start = 0
        self._out = 0
        self._answered = -1
        self._last: Hit | None = None
        self.stopped: Hit | None = None
        """The match that ended it."""

    @property
    def held(self) -> int:
        """The bytes that are held."""
        return len(self._data) - self._out

    def feed(self, text: str) -> str:
        """More text; what may be given out now."""
        self._data += text.encode("utf-8", "surrogatepass")
        edge = self._finder.settled(self._data, self._start)
        given = self._advance(edge)
        # One byte before the place where a match may begin is context for ``\\b`` and ``^``; a
        # character of several bytes is no word character, and its last byte says so.
        spare = self._start - 1
        if spare > 0:
            self._data = self._data[spare:]
            self._start = 1
            self._out -= spare
            self._answered -= spare
        return given

    def late(self) -> str:
        """The end was held too long: all of it, matches replaced as if the text ended here."""
        first = self._start
        self._last = None
        given = self._advance(len(self._data))
        last = self._last
        if last is None:
            self._start = first
        elif last.end < len(self._data):
            self._start = last.end
        else:
            # It may go on with the text to come: then its rest is dropped.
            self._start = self._answered = last.start
        return given

    def end(self) -> str:
        """The text is over: the rest."""
        return self._advance(len(self._data))

    def raw(self) -> str:
        """What is held, as it came; it is held no more."""
        held = self._text(self._out, len(self._data))
        self._data = b""
        self._start = self._out = 0
        return held

    def _advance(self, edge: int) -> str:
        """Gives out what is before `edge`, matches that begin there replaced."""
        given = ""
        while hit := self._finder.find(self._data, self._start, edge):
            given += self._text(self._out, hit.start)
            self._last = hit
            if hit.end > self._out and hit.start != self._answered:
                answer = self._on_hit(hit)
                if answer is None:
                    self.stopped = hit
                    return given
                given += answer
            self._start = hit.end
            self._out = max(self._out, hit.end)
        if edge > self._start:
            self._start = edge
        if edge > self._out:
            given += self._text(self._out, edge)
            self._out = edge
        return given

    def _text(self, start: int, end: int) -> str:
        return self._data[start:end].decode("utf-8", "surrogatepass") if end > start else ""
