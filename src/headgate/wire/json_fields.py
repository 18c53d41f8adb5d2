"""What a peer's JSON object holds under a key, or something harmless where the type is wrong."""

from collections.abc import Mapping
from typing import Any


def text(source: Mapping[str, Any], key: str) -> str:
    """The string under `key`, else ``""``."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def fields(source: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under `key`, else an empty one."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def objects(source: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the array under `key`; what is no object is left out."""
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(source: Mapping[str, Any], key: str) -> int | None:
    """The whole number under `key` that is not negative (also written ``3.0`` or ``"3"``, as
    protobuf writes 64-bit numbers), else None."""
    value = source.get(key)
    if type(value) is int:
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer() and 0 <= value < 2**63:
        return int(value)
    return None
