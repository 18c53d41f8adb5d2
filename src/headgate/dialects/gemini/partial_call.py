"""A function call whose arguments arrive as values at JSON paths, put together again."""

import itertools
import re
from typing import Any

from headgate.model.fault import StreamBroken
from headgate.wire import json_text, sse
from headgate.wire.json_fields import objects, text

MOST_ELEMENTS = 100_000
"""The highest index of an array: a path cannot make us allocate more."""

MOST_STEPS = json_text.MAX_DEPTH

_STEP = re.compile(
    r"""\.([^.\[\]]+) | \[(\d{1,9})\] | \['((?:[^'\\]|\\.)*)'\] | \["((?:[^"\\]|\\.)*)"\]""",
    re.DOTALL | re.VERBOSE,
)
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")

Step = str | int


class PartialCall:
    """One open call: `add` its pieces, then take its `arguments`."""

    def __init__(self, key: int, name: str, arguments: Any) -> None:
        self.key = key
        self.name = name
        self._literal = arguments if isinstance(arguments, str) else None
        self._root: dict[str, Any] = dict(arguments) if isinstance(arguments, dict) else {}
        self._growing: dict[str, list[str]] = {}
        self._size = 0
        self._elements = 0

    def add(self, call: dict[str, Any]) -> None:
        """Takes the ``partialArgs`` of one part. Paths that make no sense are passed over."""
        for piece in objects(call, "partialArgs"):
            path = text(piece, "jsonPath")
            kind = next((kind for kind in _VALUES if kind in piece), None)
            steps = _steps(path)
            if kind is None or not steps:
                continue
            self._measure(path, piece[kind])
            value = None if kind == "nullValue" else piece[kind]
            if kind == "stringValue" and isinstance(value, str):
                self._grow(path, steps, value, piece.get("willContinue") is True)
            else:
                self._put(steps, value)

    @property
    def arguments(self) -> str:
        """The arguments so far as JSON text (some relays send that text itself)."""
        if self._literal is not None and not self._root:
            return self._literal
        for path, pieces in self._growing.items():
            self._put(_steps(path), "".join(pieces))
        self._growing.clear()
        return json_text.encode_text(self._root)

    def _grow(self, path: str, steps: list[Step], piece: str, more: bool) -> None:
        pieces = self._growing.setdefault(path, [])
        pieces.append(piece)
        if not more:
            del self._growing[path]
            self._put(steps, "".join(pieces))
        elif len(pieces) == 1:
            self._put(steps, piece)

    def _measure(self, path: str, value: Any) -> None:
        self._size += len(path) + (len(value) if isinstance(value, str) else 8)
        if self._size > sse.MAX_FRAME:
            raise StreamBroken(f"a tool call is larger than {sse.MAX_FRAME} bytes")

    def _put(self, steps: list[Step], value: Any) -> None:
        place: Any = self._root
        for step, following in itertools.pairwise(steps):
            empty: Any = [] if isinstance(following, int) else {}
            place = self._descend(place, step, empty)
        self._descend(place, steps[-1], value, replace=True)

    def _descend(self, place: Any, step: Step, value: Any, replace: bool = False) -> Any:
        """What stands at `step` of `place`; `value` is put there where nothing of its kind is."""
        if isinstance(place, list) and isinstance(step, int):
            missing = step + 1 - len(place)
            if missing > 0:
                self._elements += missing
                if self._elements > MOST_ELEMENTS:
                    raise StreamBroken("the arguments of a tool call have too many elements")
                place.extend([None] * missing)
        elif not (isinstance(place, dict) and isinstance(step, str)):
            return value
        else:
            place.setdefault(step, None)
        if replace or type(place[step]) is not type(value):
            place[step] = value
        return place[step]


def _steps(path: str) -> list[Step]:
    """The steps of a path like ``$.items[0].name``; empty where it is none."""
    if not path.startswith("$"):
        return []
    steps: list[Step] = []
    position = 1
    while position < len(path) and len(steps) < MOST_STEPS:
        match = _STEP.match(path, position)
        if match is None:
            return []
        name, index, single, double = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(name or _unescape(single if single is not None else double or ""))
        position = match.end()
    return steps if position == len(path) and steps and isinstance(steps[0], str) else []


def _unescape(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
