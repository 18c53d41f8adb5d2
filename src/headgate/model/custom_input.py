"""A custom tool's raw input through a dialect that knows only JSON arguments.

The tool is offered as a function of one string, ``{"input": "…"}``; the way back takes the string
out again, piece by piece.
"""

import functools
import json
import re

import msgspec

from headgate.model.parts import Extras

SCHEMA: Extras = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
"""The parameters of the function that stands for a custom tool."""

_decode = functools.partial(json.loads, strict=False)
"""Takes lone surrogates, which tokenizers make, and control characters, which models do."""

_HEAD = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_HEAD_PREFIX = re.compile(r'\s*(\{\s*("(i(n(p(u(t("\s*(:\s*("?)?)?)?)?)?)?)?)?)?)?\Z')
_HEX = "[0-9a-fA-F]"
_HIGH = rf"\\u[dD][89abAB]{_HEX}{{2}}"
_LOW = rf"\\u[dD][c-fC-F]{_HEX}{{2}}"
_SURE = re.compile(
    rf'(?:[^"\\]++|\\["\\/bfnrt]|{_HIGH}{_LOW}|\\u(?![dD][89abAB]){_HEX}{{4}})*+', re.DOTALL
)
_LONE = re.compile(_HIGH)
_BEGUN = re.compile(
    rf"\\(?:u{_HEX}{{0,3}}|{_HIGH[2:]}(?:\\(?:u(?:[dD](?:[c-fC-F]{_HEX}?)?)?)?)?)?\Z"
)
"""An escape, or a pair of them, whose rest may be still to come."""


def wrap(raw: str) -> str:
    """The JSON arguments that stand for a custom tool's `raw` input."""
    try:
        return msgspec.json.encode({"input": raw}).decode()
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
        return json.dumps({"input": raw}, separators=(",", ":"))


def unwrap(arguments: str) -> str:
    """The raw input in JSON `arguments`; the arguments themselves where they are not `wrap`'s."""
    try:
        value = _decode(arguments)
    except (ValueError, RecursionError):
        return arguments
    if isinstance(value, dict) and isinstance(value.get("input"), str):
        return str(value["input"])
    return arguments


class Unwrapper:
    """Takes the raw input out of arguments that arrive in pieces.

    `feed` gives what is sure, `end` the rest; text that is not of the wrapped form passes as it
    is, so that nothing is lost when a model answers free of the form.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "head"

    def feed(self, piece: str) -> str:
        """More arguments; returns the raw input that is certain now."""
        self._held += piece
        if self._state == "head" and not self._open():
            return ""
        if self._state == "plain":
            out, self._held = self._held, ""
            return out
        return self._inside() if self._state == "inside" else ""

    def end(self) -> str:
        """What is left when the arguments are over."""
        left, self._held = self._held, ""
        if self._state == "head":
            return unwrap(left) if left else ""
        return left if self._state == "plain" else ""

    def _open(self) -> bool:
        head = _HEAD.match(self._held)
        if head:
            self._held = self._held[head.end() :]
            self._state = "inside"
            return True
        if _HEAD_PREFIX.match(self._held):
            return False
        if self._held.lstrip().startswith("{"):
            return False
        self._state = "plain"
        return True

    def _inside(self) -> str:
        """The next that is sure of the string; escapes that JSON does not know are kept."""
        out: list[str] = []
        while True:
            sure = _SURE.match(self._held)
            end = sure.end() if sure else 0
            out.append(_decode(f'"{self._held[:end]}"'))
            self._held = self._held[end:]
            if self._held.startswith('"'):
                self._state = "done"
            if self._state == "done" or not self._held or _BEGUN.match(self._held):
                return "".join(out)
            lone = _LONE.match(self._held)
            out.append(_decode(f'"{lone.group()}"') if lone else self._held[0])
            self._held = self._held[lone.end() if lone else 1 :]
