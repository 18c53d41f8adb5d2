"""A custom tool's raw input through a dialect that knows only JSON arguments.

The tool is offered as a function of one string, ``{"input": "…"}``; the way back takes the string
out again, piece by piece.
"""

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

_HEAD = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_HEAD_PREFIX = re.compile(r'\s*(\{\s*("(i(n(p(u(t("\s*(:\s*("?)?)?)?)?)?)?)?)?)?)?\Z')
_SAFE = re.compile(r'(?:[^"\\\ud800-\udfff]|\\(?:[^u]|u(?![dD][89abAB])[0-9a-fA-F]{4}))*')
_decode = msgspec.json.Decoder(str).decode


def wrap(raw: str) -> str:
    """The JSON arguments that stand for a custom tool's `raw` input."""
    return msgspec.json.encode({"input": raw}).decode()


def unwrap(arguments: str) -> str:
    """The raw input in JSON `arguments`; the arguments themselves where they are not `wrap`'s."""
    try:
        value = msgspec.json.decode(arguments.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeEncodeError):
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
        safe = _SAFE.match(self._held)
        end = safe.end() if safe else 0
        out = self._held[:end]
        self._held = self._held[end:]
        if self._held.startswith('"'):
            self._state = "done"
        return _decode(f'"{_escape_controls(out)}"'.encode()) if out else ""


def _escape_controls(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", lambda match: f"\\u{ord(match.group()):04x}", text)
