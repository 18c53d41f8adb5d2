import json
import re
from pathlib import Path
from typing import Any

from headgate.config import json_schema

SCHEMA = json_schema()


def section(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][name]["properties"]
    return found


def patterns(key: dict[str, Any]) -> list[str]:
    return [option["pattern"] for option in key["anyOf"] if "pattern" in option]


def test_it_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA))["$schema"].endswith("2020-12/schema")


def test_every_key_has_a_description() -> None:
    for name, definition in SCHEMA["$defs"].items():
        assert definition["additionalProperties"] is False, name
        for key, value in definition["properties"].items():
            assert value.get("description"), f"{name}.{key}"


def test_durations_and_sizes_are_patterns_with_readable_defaults() -> None:
    heartbeat = section("ServerSettings")["heartbeat"]
    assert heartbeat["default"] == "15s"
    assert any(re.match(pattern, "15s") for pattern in patterns(heartbeat))
    assert not any(re.match(pattern, "15") for pattern in patterns(heartbeat))
    assert section("ServerSettings")["max_body"]["default"] == "32MiB"
    assert "x-unit" not in json.dumps(SCHEMA)


def test_a_variable_may_stand_for_any_single_value() -> None:
    for key in (section("ServerSettings")["port"], section("BackendSettings")["active"]):
        assert any(re.search(pattern, "${NAME}") for pattern in patterns(key))


def test_defaults_of_whole_sections_are_left_to_their_keys() -> None:
    assert "default" not in section("Config")["server"]
    assert section("Config")["users"]["default"] == []


def test_an_unquoted_status_is_allowed() -> None:
    (option, _) = section("ModelSettings")["fallback_on"]["items"]["anyOf"]
    assert {429, "429", "5xx"} <= set(option["enum"])


def test_the_published_schema_is_this_one() -> None:
    published = Path(__file__).parents[2] / "docs" / "headgate.schema.json"
    assert json.loads(published.read_text()) == SCHEMA, "write json_schema() to docs/"
