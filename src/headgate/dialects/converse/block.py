"""One content block of a Converse stream while it is open."""

from dataclasses import dataclass, field
from typing import Any

from headgate.model.custom_input import Unwrapper


@dataclass(slots=True)
class OpenBlock:
    """``kind``: ``text``, ``reasoning``, ``call``; ``schema`` (a call that is the answer's text);
    ``skipped`` (a call too many); ``held`` (kept in ``pieces`` until it is whole)."""

    key: int
    kind: str
    unwrapper: Unwrapper | None = None
    filled: bool = False
    pieces: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
