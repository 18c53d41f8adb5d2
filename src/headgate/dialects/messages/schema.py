"""JSON Schemas cut down to the subset that this dialect enforces.

Anthropic's structured output knows no ranges, lengths or open objects; what it cannot enforce
moves into the description, as the vendor's own SDK does, so that the model still reads it.
"""

from typing import Any

Schema = dict[str, Any]

_KEPT = frozenset(
    {"type", "description", "title", "enum", "const", "default", "$ref", "required", "format"}
)
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_BRANCHES = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_TABLES = ("properties", "$defs", "definitions")


def narrow(schema: Any) -> Any:
    """`schema` with closed objects and without what the vendor refuses."""
    if not isinstance(schema, dict):
        return schema
    kept: Schema = {}
    moved: list[str] = []
    for key, value in schema.items():
        if not _keep(kept, key, value):
            moved.append(f"{key}: {value}")
    if _is_object(schema):
        kept.setdefault("properties", {})
        kept["additionalProperties"] = False
    if moved:
        words = "{" + ", ".join(moved) + "}"
        said = kept.get("description")
        kept["description"] = f"{said}\n\n{words}" if said else words
    return kept


def loses_meaning(schema: Any) -> bool:
    """Whether `narrow` forbids what `schema` allows: objects that are open by name."""
    if isinstance(schema, list):
        return any(loses_meaning(item) for item in schema)
    if not isinstance(schema, dict):
        return False
    if schema.get("additionalProperties") not in (None, False):
        return True
    return any(loses_meaning(value) for value in schema.values())


def object_schema(schema: Any) -> Schema:
    """A tool's parameters as the dialect demands them: an object's schema, never nothing."""
    if not schema:
        return {"type": "object", "properties": {}}
    return schema if schema.get("type") == "object" else {"type": "object", **schema}


def _keep(kept: Schema, key: str, value: Any) -> bool:
    """Whether `key` stays; puts it where it does."""
    if key in ("additionalProperties", "$schema", "$id", "strict"):
        return True
    if key in _TABLES and isinstance(value, dict):
        kept[key] = {name: narrow(inner) for name, inner in value.items()}
    elif key in _BRANCHES and isinstance(value, list):
        kept[_BRANCHES[key]] = [narrow(inner) for inner in value]
    elif key == "items":
        kept[key] = narrow(value)
    elif (
        (key == "format" and not (isinstance(value, str) and value in _FORMATS))
        or (key == "minItems" and value not in (0, 1))
        or (key not in _KEPT and key != "minItems")
    ):
        return False
    else:
        kept[key] = value
    return True


def _is_object(schema: Schema) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)
