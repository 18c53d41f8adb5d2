"""Whether JSON that arrives in pieces is whole."""

import re

_MARK = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)


class Completeness:
    """Watches one JSON object or array grow, each character once."""

    def __init__(self) -> None:
        self.complete = False
        self._depth = 0
        self._in_string = False
        self._escaping = False

    def feed(self, text: str) -> None:
        """More of the JSON text."""
        start = 1 if self._escaping else 0
        if text:
            self._escaping = False
        for match in _MARK.finditer(text, start):
            self._mark(match.group())

    def _mark(self, mark: str) -> None:
        if mark == '"':
            self._in_string = not self._in_string
        elif self._in_string:
            self._escaping = mark == "\\"
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self.complete = self.complete or self._depth == 0
