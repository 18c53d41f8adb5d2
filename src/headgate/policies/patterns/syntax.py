"""A regex as a tree: just enough of RE2's syntax to say what the prefixes of its matches are.

Source: https://github.com/google/re2/wiki/Syntax. What one character may be (``a``, ``\\d``,
``[^"]``, ``\\p{Greek}``) stays source text, because only its extent matters here; whether it is
right, RE2 says. Lookaround and backreferences do not exist: they have no bound in a stream.
"""

import re
from collections.abc import Callable

import msgspec


class PatternRefused(Exception):  # noqa: N818 - named for the fact
    """A regex that cannot be used, with the reason in words."""


class Char(msgspec.Struct, frozen=True):
    """One character: its source."""

    source: str


class Assertion(msgspec.Struct, frozen=True):
    """Something between characters. ``ahead``: it looks at the character that follows."""

    source: str
    ahead: bool


class Concat(msgspec.Struct, frozen=True):
    """One after the other."""

    items: tuple["Node", ...]


class Either(msgspec.Struct, frozen=True):
    """One of several."""

    options: tuple["Node", ...]


class Repeat(msgspec.Struct, frozen=True):
    """Again and again; ``most`` None: without an end."""

    item: "Node"
    least: int
    most: int | None
    lazy: bool


class Flagged(msgspec.Struct, frozen=True):
    """Under flags as RE2 writes them: ``i``, ``s-i``."""

    flags: str
    item: "Node"


Node = Char | Assertion | Concat | Either | Repeat | Flagged

MOST_CHARACTERS = 4000
MOST_DEPTH = 50


def parse(source: str) -> Node:
    """The tree of `source`. Raises PatternRefused."""
    if len(source) > MOST_CHARACTERS:
        raise PatternRefused(f"is longer than {MOST_CHARACTERS} characters")
    parser = _Parser(source)
    node = parser.either(0)
    if parser.at < len(source):
        raise PatternRefused("has a ')' too many")
    return node


def shortest(node: Node) -> int:
    """The characters that a match has at least."""
    match node:
        case Char():
            return 1
        case Assertion():
            return 0
        case Concat(items=items):
            return sum(map(shortest, items))
        case Either(options=options):
            return min(map(shortest, options))
        case Repeat(item=item, least=least):
            return least * shortest(item)
        case Flagged(item=item):
            return shortest(item)


_GROUP = re.compile(r"\?(?:P?<[A-Za-z_]\w*>|([imsU]*(?:-[imsU]+)?)([:)]))")
_FLAGS = re.compile(r"\(\?([imsU]+(?:-[imsU]+)?|-[imsU]+)\)")
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_ESCAPE = re.compile(
    r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|[pP]\{\^?\w+\}|[pP]\w|.)", re.S
)
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[pPx]\{[^}]*\}|.)|[^\]\\])*\]", re.DOTALL)
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_LOOKS = ("?=", "?!", "?<=", "?<!")


class _Parser:
    """Recursive descent; `at` is where it stands."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def either(self, depth: int) -> Node:
        if depth > MOST_DEPTH:
            raise PatternRefused(f"is nested deeper than {MOST_DEPTH}")
        flags = _FLAGS.match(self.source, self.at)
        if flags:
            self.at = flags.end()
            return Flagged(flags.group(1), self.either(depth + 1))
        options = [self._concat(depth)]
        while self._next() == "|":
            self.at += 1
            options.append(self._concat(depth))
        return options[0] if len(options) == 1 else Either(tuple(options))

    def _next(self) -> str:
        return self.source[self.at : self.at + 1]

    def _concat(self, depth: int) -> Node:
        items: list[Node] = []
        while (character := self._next()) not in ("", "|", ")"):
            if character in _REPEATS or _COUNT.match(self.source, self.at):
                raise PatternRefused(f"has nothing to repeat before {self.source[self.at :]!r:.12}")
            if character == "(":
                node = self._group(depth)
            else:
                node = _ONE.get(character, _Parser.char)(self)
            items.append(self._repeated(node))
        return items[0] if len(items) == 1 else Concat(tuple(items))

    def _group(self, depth: int) -> Node:
        self.at += 1
        if self.source.startswith(_LOOKS, self.at):
            raise PatternRefused("looks ahead or behind, which has no bound in a stream")
        flags = ""
        if self._next() == "?":
            head = _GROUP.match(self.source, self.at)
            if head is None:
                raise PatternRefused(
                    f"has an unknown group ({self.source[self.at : self.at + 8]!r})"
                )
            self.at = head.end()
            flags = head.group(1) or ""
            if head.group(2) == ")":
                raise PatternRefused("sets flags in the middle; write them first, or as (?i:…)")
        node = self.either(depth + 1)
        if self._next() != ")":
            raise PatternRefused("has a '(' that is not closed")
        self.at += 1
        return Flagged(flags, node) if flags else node

    def _repeated(self, node: Node) -> Node:
        character = self._next()
        counted = _COUNT.match(self.source, self.at)
        if counted:
            least = int(counted.group(1))
            most = least if not counted.group(2) else int(counted.group(3) or 0) or None
            self.at = counted.end()
        elif character in _REPEATS and character:
            least, most = _REPEATS[character]
            self.at += 1
        else:
            return node
        lazy = self._next() == "?"
        self.at += lazy
        if self._next() and (self._next() in _REPEATS or _COUNT.match(self.source, self.at)):
            raise PatternRefused("repeats a repetition")
        return Repeat(node, least, most, lazy)

    def char(self) -> Node:
        character = self._next()
        self.at += 1
        return Char("\\" + character if character in "{}" else character)

    def one_of(self) -> Node:
        match = _CLASS.match(self.source, self.at)
        if match is None:
            raise PatternRefused("has a '[' that is not closed")
        self.at = match.end()
        return Char(match.group())

    def escape(self) -> Node:
        match = _ESCAPE.match(self.source, self.at)
        if match is None:
            raise PatternRefused("ends with a backslash")
        self.at = match.end()
        source = match.group()
        if source in ("\\Q", "\\E", "\\C"):
            raise PatternRefused(f"uses {source}, which is not supported")
        if source in ("\\b", "\\B", "\\z", "\\A"):
            return Assertion(source, ahead=source != "\\A")
        return Char(source)

    def edge(self) -> Node:
        source = self._next()
        self.at += 1
        return Assertion(source, ahead=source == "$")


_ONE: dict[str, Callable[[_Parser], Node]] = {
    "[": _Parser.one_of,
    "\\": _Parser.escape,
    "^": _Parser.edge,
    "$": _Parser.edge,
}
