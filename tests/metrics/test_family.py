from hypothesis import given
from hypothesis import strategies as st

from headgate.metrics.family import OTHER, Family


def test_a_counter_adds_up() -> None:
    family = Family("a_total", "A.", ("x",))
    family.add(("one",))
    family.add(("one",), 2.5)
    family.add(("two",), 0)
    assert family.rows == {("one",): [3.5], ("two",): [0.0]}
    assert family.kind == "counter"


@given(st.lists(st.floats(0, 10), max_size=30))
def test_a_histogram_counts_each_value_once_under_the_first_bound_that_holds_it(
    values: list[float],
) -> None:
    family = Family("a_seconds", "A.", (), (1.0, 2.0, 5.0))
    for value in values:
        family.observe((), value)
    row = family.rows.get((), [0.0] * 5)
    assert row[0] == sum(value <= 1 for value in values)
    assert row[3] == sum(value > 5 for value in values)
    assert sum(row[:4]) == len(values)
    assert abs(row[4] - sum(values)) < 1e-6


def test_rows_are_merged_number_by_number() -> None:
    family = Family("a_seconds", "A.", ("x",), (1.0,))
    family.merge(("one",), [1, 2, 3.5])
    family.merge(("one",), (1, 0, 0.5))
    assert family.rows == {("one",): [2, 2, 4.0]}


def test_there_is_a_bound_and_nothing_is_lost_beyond_it() -> None:
    family = Family("a_total", "A.", ("x", "y"), most=3)
    for number in range(100):
        family.add((str(number), "same"))
    assert set(family.rows) == {("0", "same"), ("1", "same"), ("2", "same"), (OTHER, OTHER)}
    assert family.rows[OTHER, OTHER] == [97]
    family.add(("1", "same"))
    assert family.rows["1", "same"] == [2]
