"""RE2, the only place that names it: linear in the text, whatever the pattern and the text.

https://github.com/google/re2. Patterns and texts are bytes of UTF-8, positions byte offsets: the
binding would otherwise count characters on every call.
"""

from typing import Any

from headgate.policies.patterns.syntax import PatternRefused

try:
    import re2  # type: ignore[import-untyped]
except ModuleNotFoundError:  # an optional extra
    re2 = None

Span = tuple[int, int]

MOST_MEMORY_BYTES = 16 * 1024 * 1024
_anchors: Any = re2 and re2._Anchor
_ANYWHERE: Any = _anchors and _anchors.UNANCHORED
_AT_START: Any = _anchors and _anchors.ANCHOR_START


class Regex:
    """A compiled pattern. Raises PatternRefused where RE2 does not take it."""

    __slots__ = ("_match",)

    def __init__(self, source: str) -> None:
        if re2 is None:
            raise PatternRefused('needs RE2; run: pip install "headgate[policies]"')
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.max_mem = MOST_MEMORY_BYTES
        try:
            compiled = re2.compile(source.encode(), options)
        except (re2.error, UnicodeEncodeError) as error:
            raise PatternRefused(_words(error)) from error
        # The method under the binding's own `search`, which makes a generator for each call.
        self._match = compiled._regexp.Match

    def search(self, data: bytes, start: int) -> Span | None:
        """The leftmost match that begins at `start` or later; what is before is context."""
        span: Span = self._match(_ANYWHERE, data, start, len(data))[0]
        return None if span[0] < 0 else span

    def match(self, data: bytes, start: int, end: int) -> Span | None:
        """The match that begins at `start` and ends at `end` at the latest."""
        span: Span = self._match(_AT_START, data, start, end)[0]
        return None if span[0] < 0 else span


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    if isinstance(reason, bytes):
        reason = reason.decode(errors="replace")
    return f"is no regex of RE2: {reason}"
