"""The JSON Schema of the configuration, for editors."""

from typing import Any

import msgspec

from headgate.config import units
from headgate.config.schema import Config

_UNITS: dict[str, tuple[str, Any]] = {
    "duration": (units.DURATION_PATTERN, units.write_duration),
    "size": (units.SIZE_PATTERN, units.write_size),
}
_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_SCALARS = ("integer", "number", "boolean")


def json_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of the whole file: keys, types, defaults, descriptions.

    Wherever a value may come from the environment, ``${NAME}`` is allowed.
    """
    (root,), components = msgspec.json.schema_components([Config], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Headgate configuration",
        **root,
        "$defs": {name: _mend(component) for name, component in components.items()},
    }


def _mend(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return [_mend(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    mended = {name: _mend(value) for name, value in schema.items()}
    if "$ref" in mended:
        mended.pop("default", None)
    unit = mended.pop("x-unit", None)
    if unit is not None:
        return _with_unit(mended, unit)
    if mended.get("type") in _SCALARS:
        return _with_variable(mended, ("type", "minimum", "maximum"))
    if "enum" in mended:
        mended["enum"] += [int(value) for value in mended["enum"] if str(value).isdigit()]
        return _with_variable(mended, ("enum",))
    return mended


def _with_unit(schema: dict[str, Any], unit: str) -> dict[str, Any]:
    pattern, write = _UNITS[unit]
    if "default" in schema:
        schema["default"] = write(schema["default"])
    value = {"anyOf": [{"type": "string", "pattern": pattern}, {"const": 0}, _VARIABLE]}
    return {key: item for key, item in schema.items() if key != "type"} | value


def _with_variable(schema: dict[str, Any], moved: tuple[str, ...]) -> dict[str, Any]:
    value = {key: schema.pop(key) for key in moved if key in schema}
    return {**schema, "anyOf": [value, _VARIABLE]}
