"""Values taken out of JSON that may hold anything in any place."""

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

_ENDLESS = 10**15
"""A count of so many tokens is none."""


def text_in(value: Any) -> str:
    """`value` where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def object_in(value: Any) -> Json:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[Json]:
    """The objects in the list `value`; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings_in(value: Any) -> list[str]:
    """The strings in the list `value`; none where it is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def count_in(value: Any) -> int | None:
    """`value` where it is a whole number from 0 on, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < _ENDLESS and value == int(value) else None


def count_at(value: Json, *names: str) -> int | None:
    """The first count that `value` has under one of `names`."""
    for name in names:
        found = value.get(name)
        if type(found) is int and 0 <= found < _ENDLESS:
            return found
        if found is not None and (count := count_in(found)) is not None:
            return count
    return None


def rest_of(value: Mapping[str, Any], known: Iterable[str]) -> Json | None:
    """What `value` says beyond the `known` fields; a null says nothing. None where it is none."""
    names = frozenset(known)
    return {k: v for k, v in value.items() if k not in names and v is not None} or None
