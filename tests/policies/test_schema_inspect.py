from typing import Any

import pytest

from headgate.policies.schema_inspect import faults


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"typ": "object"}, "typ is unknown; did you mean 'type'?"),
        ({"properties": {"a": {"type": "strin"}}}, "properties.a.type is no type"),
        ({"items": [1]}, "items is no schema"),
        ({"anyOf": [{}, 3]}, "anyOf[1] is no schema"),
        ({"required": "a"}, "required is no list of names"),
        ({"enum": "a"}, "enum is no list"),
        ({"minimum": "1"}, "minimum is no number"),
        ({"pattern": "(?=a)"}, "pattern is no regex of RE2"),
        ({"patternProperties": {"(": True}}, "patternProperties is no regex of RE2"),
        ({"not": {"$ref": "#/x"}}, "not.$ref leads nowhere"),
        ("x", "it is no schema"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(schema: Any, said: str) -> None:
    assert next(faults(schema)).startswith(said)


def test_a_schema_of_every_day_has_no_fault() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"], "minLength": 1},
            "b": {"$ref": "#/$defs/b"},
        },
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"b": {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}},
    }
    assert list(faults(schema)) == []
