"""Arguments that arrive as values at JSON paths."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.gemini.partial_call import PartialCall
from headgate.model.fault import StreamBroken


def piece(path: str, value: Any, more: bool = False) -> dict[str, Any]:
    kind = {str: "stringValue", bool: "boolValue", type(None): "nullValue"}.get(type(value))
    said = {"jsonPath": path, kind or "numberValue": value}
    return {"partialArgs": [{**said, "willContinue": True} if more else said]}


def arguments(*pieces: dict[str, Any], given: Any = None) -> Any:
    call = PartialCall(0, "f", given)
    for each in pieces:
        call.add(each)
    return json.loads(call.arguments)


def test_strings_grow_until_they_are_whole() -> None:
    assert arguments(
        piece("$.location", "Bos", more=True),
        piece("$.location", "ton", more=True),
        piece("$.location", ""),
        piece("$.days", 3),
        piece("$.metric", True),
        piece("$.note", None),
    ) == {"location": "Boston", "days": 3, "metric": True, "note": None}


def test_paths_make_objects_and_arrays() -> None:
    assert arguments(
        piece("$.items[0].name", "a"),
        piece("$.items[1].name", "b"),
        piece("$['odd name'].x", 1),
        piece('$["it\\"s"]', 2),
        piece("$.deep[0][1]", 5),
    ) == {
        "items": [{"name": "a"}, {"name": "b"}],
        "odd name": {"x": 1},
        'it"s': 2,
        "deep": [[None, 5]],
    }


def test_two_strings_may_grow_at_once_and_need_no_end() -> None:
    assert arguments(
        piece("$.a", "1", more=True),
        piece("$.b", "x", more=True),
        piece("$.a", "2", more=True),
        piece("$.b", "y", more=True),
    ) == {"a": "12", "b": "xy"}


def test_whole_arguments_and_pieces_go_together() -> None:
    assert arguments(piece("$.b", 2), given={"a": 1}) == {"a": 1, "b": 2}
    assert PartialCall(0, "f", '{"a": 1}').arguments == '{"a": 1}'
    assert arguments() == {}


@pytest.mark.parametrize("path", ["", "$", "a", "$[0]", "$..a", "$.a[x]", "$.a[", "$" + ".a" * 65])
def test_paths_that_make_no_sense_are_passed_over(path: str) -> None:
    assert arguments(piece(path, 1)) == {}


def test_a_later_kind_of_value_replaces_the_earlier() -> None:
    assert arguments(piece("$.a", 1), piece("$.a.b", 2)) == {"a": {"b": 2}}
    assert arguments(piece("$.a[0]", 1), piece("$.a.b", 2)) == {"a": {"b": 2}}


def test_a_huge_index_allocates_nothing() -> None:
    with pytest.raises(StreamBroken, match="too many elements"):
        arguments(piece("$.a[999999999]", 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


def leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{path}.{key}")]
    if isinstance(value, list) and value:
        return [leaf for n, inner in enumerate(value) for leaf in leaves(inner, f"{path}[{n}]")]
    return [] if value in ([], {}) and not isinstance(value, str) else [(path, value)]


def pruned(value: Any) -> Any:
    """`value` without empty objects and arrays, which have no path."""
    if isinstance(value, dict):
        return {k: pruned(v) for k, v in value.items() if leaves(v, "")}
    if isinstance(value, list):
        kept = [pruned(inner) if leaves(inner, "") else None for inner in value]
        while kept and not leaves(value[len(kept) - 1], ""):
            kept.pop()
        return kept
    return value


@given(st.dictionaries(st.text("abc", min_size=1), JSON, max_size=3))
@settings(max_examples=80)
def test_any_value_told_leaf_by_leaf_comes_out_again(value: dict[str, Any]) -> None:
    assert arguments(*(piece(path, leaf) for path, leaf in leaves(value, "$"))) == pruned(value)
