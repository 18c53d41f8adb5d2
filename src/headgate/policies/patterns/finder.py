"""Several patterns as one search: where the next match is, and where one may still come to be."""

from collections.abc import Callable, Iterable

import msgspec

from headgate.policies.patterns.engine import Regex, Span
from headgate.policies.patterns.prefix import unfinished, write
from headgate.policies.patterns.syntax import PatternRefused, parse, shortest

Trim = Callable[[str], int]
"""How many characters of a candidate are really a match; 0: none."""


class Pattern(msgspec.Struct, frozen=True):
    """What to look for. ``trim`` decides where the regex alone cannot (check digits)."""

    name: str
    source: str
    trim: Trim | None = None


class Hit(msgspec.Struct, frozen=True):
    """A match: byte offsets, and its text."""

    pattern: Pattern
    start: int
    end: int
    text: str


class Finder:
    """Compiled once, used by every exchange.

    At a position the first pattern (in their order) that matches there counts; the leftmost
    position wins; matches do not overlap. A match is at most `lookback` bytes of UTF-8 long: so
    far a pattern without an upper length is followed. Raises PatternRefused.
    """

    def __init__(self, patterns: Iterable[Pattern], lookback: int) -> None:
        self.lookback = lookback
        self._each = [(pattern, _compile(pattern)) for pattern in patterns]
        trees = [parse(pattern.source) for pattern, _ in self._each]
        self._any = Regex("|".join(f"(?:{write(tree)})" for tree in trees))
        tails = [tail for tree in trees if (tail := unfinished(tree))]
        self._tail = Regex(f"(?:{'|'.join(tails)})\\z") if tails else None

    def find(self, data: bytes, start: int, edge: int) -> Hit | None:
        """The next match that begins in ``[start, edge)``."""
        while start < edge:
            span = self._any.search(data, start)
            if span is None or span[0] >= edge:
                return None
            hit = self._at(data, span[0])
            if hit is not None:
                return hit
            start = after_character(data, span[0])
        return None

    def settled(self, data: bytes, start: int) -> int:
        """Up to where `data` from `start` on is decided: no more text makes or changes a match
        that begins before."""
        if self._tail is None:
            return len(data)
        span = self._tail.search(data, start)
        ambiguous = len(data) if span is None else span[0]
        if len(data) - ambiguous <= self.lookback:
            return ambiguous
        return before_character(data, len(data) - self.lookback)

    def _at(self, data: bytes, start: int) -> Hit | None:
        for pattern, regex in self._each:
            span = regex.match(data, start, len(data))
            if span is not None and span[1] - start > self.lookback:
                span = regex.match(data, start, start + self.lookback)
            if span is not None:
                hit = _accepted(pattern, data, span)
                if hit is not None:
                    return hit
        return None


def after_character(data: bytes, position: int) -> int:
    """Where the character after the one at `position` begins."""
    position += 1
    while position < len(data) and data[position] & 0xC0 == 0x80:
        position += 1
    return position


def before_character(data: bytes, position: int) -> int:
    """`position`, or where the character that it lies in begins."""
    position = max(position, 0)
    while 0 < position < len(data) and data[position] & 0xC0 == 0x80:
        position -= 1
    return position


def _compile(pattern: Pattern) -> Regex:
    tree = parse(pattern.source)
    if shortest(tree) == 0:
        raise PatternRefused("matches the empty text, and so everywhere")
    return Regex(write(tree))


def _accepted(pattern: Pattern, data: bytes, span: Span) -> Hit | None:
    start, end = span
    text = data[start:end].decode("utf-8", "surrogatepass")
    if pattern.trim is not None:
        length = pattern.trim(text)
        if not length:
            return None
        text = text[:length]
        end = start + len(text.encode("utf-8", "surrogatepass"))
    return Hit(pattern, start, end, text)
