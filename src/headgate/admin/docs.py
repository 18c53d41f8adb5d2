"""The description of the admin API as one page that loads nothing from anywhere."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1d1d1f;background:#fff}
h2{margin:2.5rem 0 .5rem;border-bottom:1px solid #ccc}
h3{margin:1.5rem 0 .25rem;font:600 1rem ui-monospace,monospace}
h3 b{display:inline-block;min-width:4.5rem;color:#0a5}
table{border-collapse:collapse;margin:.5rem 0}
td,th{padding:.15rem 1rem .15rem 0;text-align:left;vertical-align:top}
td:first-child{font-family:ui-monospace,monospace}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161618}h2{border-color:#444}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def page(description: Mapping[str, Any]) -> str:
    """The page for an OpenAPI `description`."""
    title = escape(description["info"]["title"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{escape(description['info'].get('description', ''))}</p>"
        '<p>For programs: <a href="/admin/openapi.json">openapi.json</a></p>'
        f"{''.join(_sections(description))}</body></html>"
    )


def _sections(description: Mapping[str, Any]) -> Iterator[str]:
    last = ""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            if tag != last:
                yield f"<h2>{escape(tag)}</h2>"
                last = tag
            yield _operation(
                description, f"<b>{escape(method.upper())}</b>{escape(path)}", operation
            )


def _operation(description: Mapping[str, Any], head: str, operation: Mapping[str, Any]) -> str:
    words = escape(operation.get("description") or operation.get("summary") or "")
    parts = [f"<h3>{head}</h3><p>{words}</p>"]
    given = [
        (p["name"], p["schema"], p.get("description")) for p in operation.get("parameters", ())
    ]
    if given:
        parts.append(_table("Parameter", given))
    body = _json_schema(operation.get("requestBody", {}))
    if body:
        parts.append(_table("Field sent", _fields(description, body)))
    for status, response in operation.get("responses", {}).items():
        shown = _json_schema(response)
        if status.startswith("2") and shown:
            parts.append(_table("Field answered", _fields(description, shown)))
    return "".join(parts)


def _json_schema(message: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = message.get("content", {}).get("application/json", {})
    return found.get("schema") or {}


def _fields(
    description: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[tuple[str, Mapping[str, Any], str | None]]:
    named = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
    whole = description.get("components", {}).get("schemas", {}).get(named, schema)
    fields = whole.get("properties", {}).items()
    return [(name, field, field.get("description")) for name, field in fields]


def _table(head: str, rows: list[tuple[str, Mapping[str, Any], str | None]]) -> str:
    lines = (
        f"<tr><td>{escape(name)}</td><td>{escape(_type(schema))}</td>"
        f"<td>{escape(words or '')}</td></tr>"
        for name, schema, words in rows
    )
    return f"<table><tr><th>{head}</th><th>Type</th><th></th></tr>{''.join(lines)}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "any"))
