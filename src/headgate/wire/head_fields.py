"""The fields of an HTTP/1 head, found by one search (RFC 9112 section 5)."""

import re

_FIELD = r"^([!#$%&'*+.^_`|~0-9A-Za-z-]++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)"
"""Possessive, as there is nothing to try again: a bad line of 64 KiB costs one walk over it."""
_STRICT = re.compile(_FIELD + r"\r\n", re.MULTILINE)
_BARE = re.compile(_FIELD + r"\r?\n", re.MULTILINE)


def count_fields(text: str) -> int:
    """How many lines a whole head has between its first one and its empty one."""
    return text.count("\n") - 2


def read_fields(
    text: str, start: int, *, allows_bare_lf: bool = False
) -> list[tuple[str, str]] | None:
    """The fields of a whole head in their order, behind its first line, which ends at `start`:
    names in lower case, a character is a byte. None where a line is not a name, a colon and a
    value.

    A line ends in CR LF, or with `allows_bare_lf` in LF alone (section 2.2).
    """
    found = (_BARE if allows_bare_lf else _STRICT).findall(text, start)
    if len(found) < count_fields(text):
        return None
    if " \r" in text or " \n" in text or "\t" in text:
        return [(name.lower(), value.rstrip(" \t")) for name, value in found]
    return [(name.lower(), value) for name, value in found]
