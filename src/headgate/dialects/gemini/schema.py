"""JSON Schema cut down to what Gemini takes, by table.

Two tables: ``parametersJsonSchema`` and ``responseJsonSchema`` take a good part of JSON Schema,
the older ``parameters`` and ``responseSchema`` a subset of OpenAPI 3.0. References are written out
in both (recursion ends in a free value), since neither takes ``$ref`` beside other keywords.
Source: ai.google.dev, API reference, Schema and GenerationConfig.
"""

from collections.abc import Mapping
from typing import Any, Literal

Subset = Literal["json_schema", "openapi"]

MOST_NODES = 20_000
"""Subschemas of one schema after writing out references; what exceeds it is left free."""

_COMMON = {
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "properties",
    "required",
    "propertyOrdering",
}
_KEPT: Mapping[Subset, frozenset[str]] = {
    "json_schema": frozenset(_COMMON | {"oneOf", "prefixItems", "additionalProperties"}),
    "openapi": frozenset(
        _COMMON
        | {"nullable", "minLength", "maxLength", "pattern", "minProperties", "maxProperties"}
    ),
}
_FORMATS = frozenset({"enum", "date-time", "int32", "int64", "float", "double"})
_LISTS = ("anyOf", "oneOf", "prefixItems")


def degrade(schema: Mapping[str, Any], subset: Subset) -> dict[str, Any]:
    """`schema` in the words of `subset`."""
    return _Degrader(schema, subset).write(schema, ())


def has_properties(schema: Mapping[str, Any] | None) -> bool:
    """Whether a tool with these parameters takes any (Gemini wants none rather than empty)."""
    if not schema:
        return False
    keys = schema.keys() - {"type", "properties", "required", "additionalProperties", "$schema"}
    return bool(keys or schema.get("properties"))


class _Degrader:
    def __init__(self, root: Mapping[str, Any], subset: Subset) -> None:
        self._root = root
        self._subset = subset
        self._left = MOST_NODES

    def write(self, schema: Any, above: tuple[str, ...]) -> dict[str, Any]:
        """One subschema; `above` are the references that led here."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0:
            return {}
        node, above = self._merged(schema, above)
        node = {**node}
        if "const" in node:
            node.setdefault("enum", [node["const"]])
        if self._subset == "openapi":
            _to_openapi(node)
        out = {key: value for key, value in node.items() if key in _KEPT[self._subset]}
        self._write_inner(out, above)
        return out

    def _write_inner(self, out: dict[str, Any], above: tuple[str, ...]) -> None:
        def write(inner: Any) -> dict[str, Any]:
            return self.write(inner, above)

        properties = out.get("properties")
        if isinstance(properties, Mapping):
            out["properties"] = {name: write(inner) for name, inner in properties.items()}
            if isinstance(out.get("required"), list):
                out["required"] = [
                    name for name in out["required"] if isinstance(name, str) and name in properties
                ]
        for key in _LISTS:
            if isinstance(out.get(key), list):
                out[key] = [write(inner) for inner in out[key]]
        for key in ("items", "additionalProperties"):
            if isinstance(out.get(key), Mapping):
                out[key] = write(out[key])

    def _merged(
        self, schema: Mapping[str, Any], above: tuple[str, ...]
    ) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """`schema` with its reference and its ``allOf`` written into it; its own words win."""
        merged: dict[str, Any] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = None if reference in above else self._find(reference)
            above = (*above, reference)
            if target is not None:
                target, above = self._merged(target, above)
                merged = {**target}
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, Mapping):
                inner, above = self._merged(part, above)
                _unite(merged, inner)
        _unite(merged, {k: v for k, v in schema.items() if k not in ("$ref", "allOf")})
        return merged, above

    def _find(self, reference: str) -> Mapping[str, Any] | None:
        found: Any = self._root
        if not reference.startswith("#"):
            return None
        for step in reference[1:].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else None


def _unite(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        known = into.get(key)
        if key == "properties" and isinstance(known, Mapping) and isinstance(value, Mapping):
            into[key] = {**known, **value}
        elif key == "required" and isinstance(known, list) and isinstance(value, list):
            into[key] = [*known, *(name for name in value if name not in known)]
        else:
            into[key] = value


def _to_openapi(node: dict[str, Any]) -> None:
    """What OpenAPI says in other words: null, alternatives, numbers to choose from."""
    if "anyOf" not in node and isinstance(node.get("oneOf"), list):
        node["anyOf"] = node["oneOf"]
    _lift_null(node)
    if str(node.get("format")) not in _FORMATS:
        node.pop("format", None)
    values = node.get("enum")
    if isinstance(values, list) and not all(isinstance(value, str) for value in values):
        words = ", ".join(str(value) for value in values)
        said = node.get("description")
        node["description"] = f"{said} One of: {words}" if said else f"One of: {words}"
        del node["enum"]
    if node.get("type") == "array" and not isinstance(node.get("items"), Mapping):
        node["items"] = {"type": "string"}


def _lift_null(node: dict[str, Any]) -> None:
    """``null`` among types, values or alternatives is OpenAPI's ``nullable``."""
    _lift_from_types(node)
    values = node.get("enum")
    if isinstance(values, list) and None in values:
        node["nullable"] = True
        node["enum"] = [value for value in values if value is not None]
    choices = node.get("anyOf")
    if isinstance(choices, list):
        _lift_from_choices(node, choices)


def _lift_from_types(node: dict[str, Any]) -> None:
    types = node.get("type")
    if isinstance(types, list):
        rest = [each for each in types if each != "null"]
        if len(rest) < len(types):
            node["nullable"] = True
        node.pop("type")
        if len(rest) == 1:
            node["type"] = rest[0]
        elif rest:
            node.setdefault("anyOf", [{"type": each} for each in rest])


def _lift_from_choices(node: dict[str, Any], choices: list[Any]) -> None:
    rest = [c for c in choices if not (isinstance(c, Mapping) and c.get("type") == "null")]
    if len(rest) < len(choices):
        node["nullable"] = True
    node["anyOf"] = rest
    if len(rest) == 1 and isinstance(rest[0], Mapping) and "$ref" not in rest[0]:
        node.pop("anyOf")
        for key, value in rest[0].items():
            node.setdefault(key, value)
