from headgate.dialects.messages import schema


def test_objects_are_closed_and_rules_move_into_words() -> None:
    asked = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "age": {"type": "integer", "minimum": 1, "maximum": 9, "description": "Years."},
            "mail": {"type": "string", "format": "email"},
            "word": {"type": "string", "format": "odd", "pattern": "a+"},
            "tags": {"type": "array", "items": {"type": "object"}, "minItems": 3},
        },
        "required": ["age"],
    }
    assert schema.narrow(asked) == {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": "Years.\n\n{minimum: 1, maximum: 9}"},
            "mail": {"type": "string", "format": "email"},
            "word": {"type": "string", "description": "{format: odd, pattern: a+}"},
            "tags": {
                "type": "array",
                "items": {"type": "object", "properties": {}, "additionalProperties": False},
                "description": "{minItems: 3}",
            },
        },
        "required": ["age"],
        "additionalProperties": False,
    }


def test_definitions_and_branches_are_narrowed_too() -> None:
    asked = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"oneOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]}},
    }
    assert schema.narrow(asked) == {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {"anyOf": [{"type": "string", "description": "{maxLength: 2}"}, {"type": "null"}]}
        },
    }


def test_a_field_called_like_a_rule_is_no_rule() -> None:
    asked = {"type": "object", "properties": {"minimum": {"type": "number"}}}
    assert schema.narrow(asked)["properties"] == {"minimum": {"type": "number"}}


def test_a_schema_that_is_fit_stays_as_it_is() -> None:
    fit = {
        "type": "object",
        "properties": {"a": {"type": ["string", "null"], "enum": ["x", None]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert schema.narrow(fit) == fit
    assert schema.narrow(True) is True


def test_an_object_that_is_open_by_name_loses_meaning() -> None:
    inner = {"type": "object", "additionalProperties": {"type": "string"}}
    assert schema.loses_meaning({"anyOf": [{"properties": {"a": inner}}]})
    assert not schema.loses_meaning({"type": "object", "additionalProperties": False})


def test_parameters_are_always_an_object() -> None:
    assert schema.object_schema(None) == {"type": "object", "properties": {}}
    assert schema.object_schema({}) == {"type": "object", "properties": {}}
    assert schema.object_schema({"properties": {}}) == {"type": "object", "properties": {}}
    assert schema.object_schema({"type": "object", "x": 1}) == {"type": "object", "x": 1}


def test_a_format_that_is_no_word_is_told_in_the_description() -> None:
    assert schema.narrow({"type": "string", "format": ["date"]})["description"]
