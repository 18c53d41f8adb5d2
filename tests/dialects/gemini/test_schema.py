"""JSON Schema cut down for Gemini."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.gemini.schema import degrade, has_properties

TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
        },
        "Name": {"type": "string", "description": "from the definition"},
    },
    "type": "object",
    "properties": {
        "node": {"$ref": "#/$defs/Node"},
        "name": {"$ref": "#/$defs/Name", "description": "its own"},
        "again": {"$ref": "#/$defs/Name"},
        "lost": {"$ref": "https://elsewhere.example/schema"},
    },
    "required": ["node", "absent"],
}


@pytest.mark.parametrize("subset", ["json_schema", "openapi"])
def test_t92_references_are_written_out_and_recursion_ends(subset: Any) -> None:
    written = degrade(TREE, subset)

    assert "$ref" not in json.dumps(written)
    assert "$defs" not in written
    properties = written["properties"]
    assert properties["node"]["properties"]["children"]["type"] == "array"
    assert properties["name"] == {"type": "string", "description": "its own"}
    assert properties["again"] == {"type": "string", "description": "from the definition"}
    assert properties["lost"] == {}
    assert written["required"] == ["node"]


def test_t92_openapi_knows_neither_const_nor_type_lists_nor_numbers_to_choose_from() -> None:
    written = degrade(
        {
            "$schema": "x",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "kind": {"const": "a"},
                "size": {"type": ["integer", "null"], "enum": [1, 2, None], "description": "How."},
                "either": {"type": ["string", "integer"]},
                "maybe": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
                "list": {"type": "array"},
                "when": {"type": "string", "format": "date-time", "default": "now"},
                "one": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            },
        },
        "openapi",
    )

    assert written == {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a"]},
            "size": {"type": "integer", "nullable": True, "description": "How. One of: 1, 2"},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "maybe": {"type": "string", "nullable": True},
            "list": {"type": "array", "items": {"type": "string"}},
            "when": {"type": "string", "format": "date-time"},
            "one": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        },
    }


def test_json_schema_keeps_what_the_newer_fields_take() -> None:
    schema = {
        "type": "object",
        "additionalProperties": {"const": 1},
        "properties": {"a": {"type": ["string", "null"], "enum": [1, "x"]}},
        "oneOf": [{"minimum": 1, "exclusiveMinimum": 0}],
    }

    assert degrade(schema, "json_schema") == {
        "type": "object",
        "additionalProperties": {"enum": [1]},
        "properties": {"a": {"type": ["string", "null"], "enum": [1, "x"]}},
        "oneOf": [{"minimum": 1}],
    }


def test_all_of_is_united() -> None:
    schema = {
        "$defs": {"Base": {"properties": {"a": {"type": "string"}}, "required": ["a"]}},
        "allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {}}, "required": ["b"]}],
        "type": "object",
    }

    assert degrade(schema, "json_schema") == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {}},
        "required": ["a", "b"],
    }


def test_a_schema_that_doubles_at_every_reference_stays_bounded() -> None:
    names = [f"d{n}" for n in range(40)]
    doubled = {
        name: {"properties": {"l": {"$ref": f"#/$defs/{after}"}, "r": {"$ref": f"#/$defs/{after}"}}}
        for name, after in zip(names, [*names[1:], "end"], strict=True)
    }

    written = degrade({"$ref": "#/$defs/d0", "$defs": {**doubled, "end": {}}}, "openapi")
    assert len(json.dumps(written)) < 2_000_000


@pytest.mark.parametrize(
    ("schema", "some"),
    [
        (None, False),
        ({}, False),
        ({"type": "object", "properties": {}, "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {}}}, True),
        ({"$ref": "#/$defs/A"}, True),
    ],
)
def test_a_tool_without_parameters_is_known(schema: dict[str, Any] | None, some: bool) -> None:
    assert has_properties(schema) is some


KEYS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "anyOf",
        "allOf",
        "$ref",
        "enum",
        "const",
        "required",
        "format",
        "a",
    ]
)
SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["object", "null", "#", "#/a", "#/properties/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """`schema` and all schemas inside it."""
    if not isinstance(schema, dict):
        return
    yield schema
    properties = schema.get("properties")
    inner = list(properties.values()) if isinstance(properties, dict) else []
    choices = schema.get("anyOf")
    inner += choices if isinstance(choices, list) else []
    for each in [*inner, schema.get("items")]:
        yield from subschemas(each)


@given(st.dictionaries(KEYS, SCHEMAS, max_size=4), st.sampled_from(["json_schema", "openapi"]))
@settings(max_examples=300)
def test_no_schema_makes_it_raise_or_keeps_a_reference(schema: Any, subset: Any) -> None:
    for written in subschemas(degrade(schema, subset)):
        assert not written.keys() & {"$ref", "allOf", "const"}
