import pytest

from headgate.dialects.chat import lenient


@pytest.mark.parametrize("value", [None, 5, True, [], {}, 1.5])
def test_only_strings_are_text(value: object) -> None:
    assert lenient.text_in(value) == ""


def test_what_is_not_of_the_kind_is_left_out() -> None:
    assert lenient.object_in([]) == {}
    assert lenient.objects_in([{}, 5, None, {"a": 1}]) == [{}, {"a": 1}]
    assert lenient.objects_in("x") == []
    assert lenient.strings_in(["a", 5]) == ["a"]
    assert lenient.strings_in(None) == []


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (3, 3), (3.0, 3), (-1, None), (1.5, None), (True, None), ("3", None), (1e300, None)],
)
def test_counts_are_whole_and_not_negative(value: object, count: int | None) -> None:
    assert lenient.count_in(value) == count


def test_the_first_count_wins_also_when_it_is_zero() -> None:
    said = {"a": None, "b": "x", "c": 0, "d": 5}
    assert lenient.count_at(said, "a", "b", "e", "c", "d") == 0
    assert lenient.count_at(said, "a", "e") is None


def test_the_rest_is_what_is_said_beyond_the_known() -> None:
    assert lenient.rest_of({"a": 1, "b": None, "c": 0}, ("a",)) == {"c": 0}
    assert lenient.rest_of({"a": 1, "b": None}, ("a",)) is None
