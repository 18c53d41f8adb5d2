"""Patterns over one text that arrives in pieces: what is safe goes on, the ambiguous end is held.

However the text is cut, what comes out is the same, and holds no match. Only `late`, when the end
has been held too long, makes a difference: what may have become the beginning of a match is given
out then, and the rest of the match is replaced when it comes.
"""

from collections.abc import Callable

import msgspec

from headgate.policies.patterns.finder import Finder, Hit

OnHit = Callable[[Hit], str | None]
"""What stands for a match; None: stop, nothing of it or after it is given out."""


class Scanner:
    """One text. What is before `_out` is given out; matches begin at `_start` or later.

    After a match the text goes on after what stands in its place, not after the match, so that
    what comes out holds no match either.
    """

    def __init__(self, finder: Finder, on_hit: OnHit) -> None:
        self._finder = finder
        self._on_hit = on_hit
        self._data = b""
        self._start = 0
        self._out = 0
        self._answered: _Answered | None = None
        self.held = 0
        """The bytes that are held."""
        self.stopped: Hit | None = None
        """The match that ended it."""

    def feed(self, text: str) -> str:
        """More text; what may be given out now."""
        data = self._data = self._data + text.encode("utf-8", "surrogatepass")
        if self._answered is None and self.stopped is None:
            edge = self._finder.settled(data, self._start)
            if self._out <= edge > 1 and self._finder.find(data, self._start, edge) is None:
                return self._plain(data, edge)
        given = self._advance(final=False)
        # One byte before the place where a match may begin is context for ``\b`` and ``^``; a
        # character of several bytes is no word character, and its last byte says so.
        if self._start > 1:
            self._rebase(self._start, self._data[self._start - 1 : self._start])
        self.held = len(self._data) - self._out
        return given if self.stopped is None else self.stop(self.stopped, given)

    def late(self) -> str:
        """The end was held too long: all of it, matches replaced as if the text ended here."""
        self.held = 0
        given = self._advance(final=True, goes_on=True)
        return given if self.stopped is None else self.stop(self.stopped, given)

    def end(self) -> str:
        """The text is over: the rest."""
        self.held = 0
        given = self._advance(final=True)
        return given if self.stopped is None else self.stop(self.stopped, given)

    def stop(self, hit: Hit, given: str) -> str:
        """A match said stop, behind what may still be given out."""
        return given

    def raw(self) -> str:
        """What is held, as it came; it is held no more."""
        held = self._text(self._out, len(self._data))
        self._data = b""
        self._start = self._out = self.held = 0
        self._answered = None
        return held

    def _plain(self, data: bytes, edge: int) -> str:
        """What is before `edge`, where nothing is to be replaced: nearly every piece of a text.
        The same as `_advance` and `_rebase`, without their turns."""
        out = self._out
        self._data = data[edge - 1 :]
        self._start = self._out = 1
        self.held = len(data) - edge
        return data[out:edge].decode("utf-8", "surrogatepass")

    def _advance(self, final: bool, goes_on: bool = False) -> str:
        """Gives out what is decided, or (`final`) everything; matches replaced."""
        given = ""
        while self.stopped is None:
            data, start, answered = self._data, self._start, self._answered
            edge = len(data) if final else self._finder.settled(data, start)
            hit = self._finder.find(data, start, edge) if edge > start else None
            if answered is not None and edge > start:
                self._go_on(answered, hit, goes_on)
            elif hit is None:
                return given + self._release(edge, keep_start=goes_on)
            else:
                given += self._text(self._out, hit.start) + self._answer(hit, goes_on)
            if goes_on and self._answered is not None:
                break
        return given

    def _answer(self, hit: Hit, goes_on: bool) -> str:
        """What stands for a match, and where the text goes on."""
        answer = self._on_hit(hit)
        if answer is None:
            self.stopped = hit
            return ""
        said = answer.encode("utf-8", "surrogatepass")
        context = said[-1:] or self._data[max(hit.start - 1, 0) : hit.start]
        if goes_on and hit.end == len(self._data):
            self._start, self._out = hit.start, hit.end
            self._answered = _Answered(hit.start, hit.end, context)
        else:
            self._rebase(hit.end, context)
        return answer

    def _go_on(self, answered: "_Answered", hit: Hit | None, goes_on: bool) -> None:
        """More text came after a match that was answered late: the match may have grown, and what
        it grew by is dropped; or there is none any more, but it has been answered."""
        end = hit.end if hit is not None and hit.start == answered.start else answered.end
        if goes_on and end == len(self._data) > answered.end:
            self._out = end
            self._answered = _Answered(answered.start, end, answered.context)
        else:
            self._answered = None
            self._rebase(max(end, answered.end), answered.context)

    def _release(self, edge: int, keep_start: bool) -> str:
        if not keep_start:
            self._start = edge
        if edge <= self._out:
            return ""
        text = self._data[self._out : edge].decode("utf-8", "surrogatepass")
        self._out = edge
        return text

    def _rebase(self, start: int, context: bytes) -> None:
        """Forgets what is before `start`; `context` stands there now."""
        self._out = max(self._out - start, 0) + len(context)
        if self._answered is not None:
            self._answered = self._answered.moved(start - len(context))
        self._data = context + self._data[start:]
        self._start = len(context)

    def _text(self, start: int, end: int) -> str:
        return self._data[start:end].decode("utf-8", "surrogatepass") if end > start else ""


class _Answered(msgspec.Struct, frozen=True):
    """A match at the end of the text so far that was answered late; ``context`` is the last byte
    of the answer."""

    start: int
    end: int
    context: bytes

    def moved(self, by: int) -> "_Answered":
        """The same, where the text begins `by` bytes later."""
        return _Answered(self.start - by, self.end - by, self.context)
