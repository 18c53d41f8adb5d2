"""Bookkeeping on parts: the item ids, phases and forms that only this dialect wants back.

It stands under the dialect's own name in ``extras``, where other dialects pass it by.
"""

from collections.abc import Mapping
from typing import Any

from headgate.model.parts import Extras

NAME = "responses"
HOME_VENDOR = "openai"

OPENAI_DIALECTS = frozenset({NAME, "chat"})
"""The dialects of the home vendor: they know the same files and fields."""

MINTED_REASONING = "rs_hg"
"""How the reasoning ids that we made begin: no vendor can look them up."""


def extras_of(note: Mapping[str, Any], unknown: Mapping[str, Any] | None = None) -> Extras | None:
    """Extras that hold `note` as bookkeeping beside fields that the hub does not know. An id that
    is no text is none."""
    found = dict(unknown or {})
    if not isinstance(note.get("id", ""), str):
        note = without(note, "id")
    if note:
        found[NAME] = note
    return found or None


def note_of(extras: Extras | None) -> Mapping[str, Any]:
    """The bookkeeping in `extras`; empty where there is none."""
    found = extras.get(NAME) if extras else None
    return found if isinstance(found, Mapping) else {}


def unknown_of(extras: Extras | None) -> dict[str, Any]:
    """The fields in `extras` that are no dialect's bookkeeping."""
    return {k: v for k, v in (extras or {}).items() if not isinstance(v, Mapping) or k != NAME}


def without(source: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """`source` without `keys`."""
    return {key: value for key, value in source.items() if key not in keys}
