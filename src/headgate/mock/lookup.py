"""Looking into JSON of any shape without being surprised by it."""

import re
from typing import Any

_PIECE = re.compile(r"\s+\Z|\s*\S+(?:\s+\Z)?")


def member(value: Any, key: str) -> dict[str, Any]:
    """The object at `key` of the object `value`; empty where either is something else."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects in the list `value`; empty where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or parts with ``text`` or ``content``."""
    if isinstance(content, str):
        return content
    return "\n".join(text for part in items(content) if (text := _text_of_part(part)))


def count_words(text: str) -> int:
    """How many words there are: what the scripted upstream calls tokens."""
    return len(text.split())


def split_words(text: str) -> tuple[str, ...]:
    """`text` in pieces of one word each, with the white space before it; joined, the text."""
    return tuple(_PIECE.findall(text))


def _text_of_part(part: dict[str, Any]) -> str:
    text = part.get("text")
    if isinstance(text, str):
        return text
    nested = part.get("content")
    return nested if isinstance(nested, str) else "\n".join(_texts(nested))


def _texts(parts: Any) -> list[str]:
    return [part["text"] for part in items(parts) if isinstance(part.get("text"), str)]
