"""Reading fields of a type that a peer may have got wrong."""

from typing import Any

import pytest

from headgate.wire.json_fields import count, fields, objects, text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (7.5, None),
        (-1, None),
        (True, None),
        ("", None),
        ("x", None),
        ("٣", None),
        (None, None),
        (2**63, None),
        (1e300, None),
        ("9" * 30, None),
    ],
)
def test_a_count_is_a_whole_number_however_it_is_written(value: Any, number: int | None) -> None:
    assert count({"n": value}, "n") == number


def test_what_has_the_wrong_type_reads_as_nothing() -> None:
    source: dict[str, Any] = {"a": 1, "b": [1, {"c": 2}, None], "d": {"e": 3}, "f": "g"}

    assert text(source, "f") == "g"
    assert text(source, "a") == text(source, "absent") == ""
    assert fields(source, "d") == {"e": 3}
    assert fields(source, "b") == {}
    assert objects(source, "b") == [{"c": 2}]
    assert objects(source, "d") == []
