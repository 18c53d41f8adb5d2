"""The strings in JSON text, taken out and put back: everything between them stays as it was."""

import re
from collections.abc import Callable, Sequence

import msgspec

from headgate.wire.json_text import decode, encode_text

_TOKEN = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*:)?|-?[0-9][0-9.eE+\-]*', re.DOTALL)
_SHORTEST_NUMBER = 7
"""Digits; a shorter number is no card, no phone and no account."""


class Found(msgspec.Struct, frozen=True):
    """A string or long number: where its token stands in the text, and its value."""

    start: int
    end: int
    value: str


def find_strings(text: str) -> list[Found] | None:
    """The strings and long numbers of JSON `text`, keys aside; None where it is no JSON."""
    try:
        decode(text)
    except ValueError:
        return None
    found = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] == '"' and not match.group(2):
            found.append(Found(match.start(), match.end(), decode(token)))
        elif token[0] != '"' and len(token) >= _SHORTEST_NUMBER:
            found.append(Found(match.start(), match.end(), token))
    return found


def put_strings(text: str, found: Sequence[Found], values: Sequence[str]) -> str:
    """`text` with other values; a number that changes becomes a string."""
    out: list[str] = []
    done = 0
    for token, value in zip(found, values, strict=True):
        if value != token.value:
            out += (text[done : token.start], encode_text(value))
            done = token.end
    return "".join((*out, text[done:])) if out else text


def map_strings(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to each string; to all of it where it is no JSON."""
    found = find_strings(text)
    if found is None:
        return change(text)
    return put_strings(text, found, [change(token.value) for token in found])
