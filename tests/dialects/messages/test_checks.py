from collections.abc import Callable
from typing import Any

import pytest

from headgate.dialects.messages import checks
from headgate.model.fault import Refused

GOOD: dict[str, Any] = {"text": "a", "object": {}, "bool": True, "int": 3, "null": None}


def test_what_is_right_is_given_back() -> None:
    assert checks.text_at(GOOD, "text", "x") == "a"
    assert checks.object_at(GOOD, "object", "x") == {}
    assert checks.bool_or_none(GOOD, "bool", "x") is True
    assert checks.int_or_none(GOOD, "int", "x") == 3


@pytest.mark.parametrize(
    "check", [checks.text_or_none, checks.object_or_none, checks.bool_or_none, checks.int_or_none]
)
@pytest.mark.parametrize("key", ["null", "missing"])
def test_null_and_missing_are_none(check: Callable[..., Any], key: str) -> None:
    assert check(GOOD, key, "x") is None


@pytest.mark.parametrize(
    ("check", "key"),
    [
        (checks.text_at, "int"),
        (checks.text_at, "missing"),
        (checks.object_at, "text"),
        (checks.bool_or_none, "int"),
        (checks.int_or_none, "bool"),
        (checks.int_or_none, "text"),
    ],
)
def test_what_is_wrong_is_named(check: Callable[..., Any], key: str) -> None:
    with pytest.raises(Refused) as caught:
        check(GOOD, key, "tools.0")
    assert caught.value.fault.param == f"tools.0.{key}"
