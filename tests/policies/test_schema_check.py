from typing import Any

import pytest

from headgate.policies.schema_check import Check, SchemaRefused


@pytest.mark.parametrize(
    ("schema", "fits", "does_not"),
    [
        (True, [1, None], []),
        (False, [], [1, None]),
        ({"type": "string"}, ["a"], [1, None]),
        ({"type": ["integer", "null"]}, [1, 1.0, None], [1.5, True, "1"]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"type": "boolean"}, [True], [1, 0]),
        ({"enum": [1, "a", None]}, [1, 1.0, "a", None], [True, "b"]),
        ({"const": [1, {"a": True}]}, [[1, {"a": True}]], [[1, {"a": 1}], [True, {"a": True}]]),
        ({"minLength": 2, "maxLength": 3}, ["ab", "abc", 1], ["a", "abcd"]),
        ({"pattern": "^a+$"}, ["aa", 1], ["ab"]),
        ({"minimum": 1, "maximum": 2}, [1, 2, "x", True], [0, 3]),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 2}, [1.5], [1, 2]),
        ({"multipleOf": 0.1}, [0.3, 1], [0.25]),
        ({"items": {"type": "integer"}}, [[], [1]], [["a"]]),
        ({"prefixItems": [{"const": 1}], "items": {"const": 2}}, [[1], [1, 2, 2]], [[2], [1, 1]]),
        ({"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"uniqueItems": True}, [[1, True, "1"]], [[1, 1.0], [{"a": 1}, {"a": 1}]]),
        ({"contains": {"const": 1}}, [[0, 1]], [[0], []]),
        ({"contains": {"const": 1}, "minContains": 2, "maxContains": 2}, [[1, 1]], [[1], [1] * 3]),
        ({"properties": {"a": {"type": "integer"}}}, [{"a": 1}, {"b": "x"}], [{"a": "x"}]),
        ({"required": ["a"]}, [{"a": None}, []], [{}]),
        (
            {
                "properties": {"a": True},
                "patternProperties": {"^x": {"const": 1}},
                "additionalProperties": False,
            },
            [{"a": 1, "x1": 1}],
            [{"b": 1}, {"x": 2}],
        ),
        ({"propertyNames": {"maxLength": 1}}, [{"a": 1}], [{"ab": 1}]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}], [{}, {"a": 1, "b": 2}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 1}, {"c": 1}], [{"a": 1}]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, [1], [3]),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, [1, 2], [3]),
        ({"oneOf": [{"minimum": 1}, {"maximum": 2}]}, [0, 3], [1, 2]),
        ({"not": {"const": 1}}, [2], [1]),
        ({"if": {"minimum": 5}, "then": {"const": 5}, "else": {"const": 1}}, [5, 1], [6, 2]),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 1}}}, [1], [2]),
        ({"title": "x", "format": "email", "default": 3}, ["no mail", 1], []),
    ],
)
def test_what_the_specification_says(schema: Any, fits: list[Any], does_not: list[Any]) -> None:
    assert [value for value in fits if Check(schema).first_fault(value)] == []
    assert [value for value in does_not if not Check(schema).first_fault(value)] == []


def test_a_schema_of_itself_is_followed() -> None:
    schema = {"properties": {"next": {"$ref": "#"}}, "additionalProperties": False}
    assert Check(schema).first_fault({"next": {"next": {}}}) is None
    assert Check(schema).first_fault({"next": {"x": 1}}) == "$['next']['x'] may not be"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "http://elsewhere"},
        {"$ref": "#/nowhere"},
        {"type": "nothing"},
        {"pattern": "(?=a)"},
        {"minLength": "two"},
        [],
        {"allOf": [{"allOf": [True] * 1000}] * 300},
    ],
)
def test_what_cannot_be_checked_is_refused_in_bounded_time(schema: Any) -> None:
    with pytest.raises(SchemaRefused):
        Check(schema).first_fault("a")
