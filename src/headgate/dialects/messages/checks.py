"""What callers send, checked: the value where it is of the right type, else a refusal that names
the field."""

from typing import Any

from headgate.model.fault import bad_request


def text_at(value: dict[str, Any], key: str, where: str) -> str:
    """The string at `key`."""
    field = value.get(key)
    if isinstance(field, str):
        return field
    raise bad_request(f"`{where}.{key}` must be a string.", f"{where}.{key}")


def text_or_none(value: dict[str, Any], key: str, where: str) -> str | None:
    """The string at `key`, None where it is missing or null."""
    return None if value.get(key) is None else text_at(value, key, where)


def object_at(value: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    """The object at `key`."""
    field = value.get(key)
    if isinstance(field, dict):
        return field
    raise bad_request(f"`{where}.{key}` must be an object.", f"{where}.{key}")


def object_or_none(value: dict[str, Any], key: str, where: str) -> dict[str, Any] | None:
    """The object at `key`, None where it is missing or null."""
    return None if value.get(key) is None else object_at(value, key, where)


def bool_or_none(value: dict[str, Any], key: str, where: str) -> bool | None:
    """The boolean at `key`, None where it is missing or null."""
    field = value.get(key)
    if field is None or isinstance(field, bool):
        return field
    raise bad_request(f"`{where}.{key}` must be true or false.", f"{where}.{key}")


def int_or_none(value: dict[str, Any], key: str, where: str) -> int | None:
    """The integer at `key`, None where it is missing or null."""
    field = value.get(key)
    if field is None or (isinstance(field, int) and not isinstance(field, bool)):
        return field
    raise bad_request(f"`{where}.{key}` must be an integer.", f"{where}.{key}")
