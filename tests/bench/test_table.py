"""The table: every figure both ways, with the difference and the ratio."""

from hypothesis import given
from hypothesis import strategies as st

from headgate.bench.measure import Times
from headgate.bench.table import quantile, table

DIRECT = Times(whole_s=[0.001], first_s=[0.002], gaps_s=[0.004], per_s=2000.0)
THROUGH = Times(whole_s=[0.003], first_s=[0.003], gaps_s=[0.004], per_s=1000.0)


def test_the_figures_stand_side_by_side() -> None:
    lines = table(DIRECT, THROUGH)
    assert _words(lines[0]) == "direct through added ratio"
    assert _words(lines[1]) == "JSON answer p50 1.00 ms 3.00 ms +2.00 ms 3.00 x"
    assert _words(lines[4]) == "p99 2.00 ms 3.00 ms +1.00 ms 1.50 x"
    assert _words(lines[7]) == "requests a second, 8 at a time 2,000 1,000 0.50 x"


def test_the_columns_are_in_line() -> None:
    assert len({len(line) for line in table(DIRECT, THROUGH)}) == 1


def test_without_gaps_there_is_no_ratio() -> None:
    nothing = Times(whole_s=[0.001], first_s=[0.002], gaps_s=[], per_s=1.0)
    assert table(nothing, nothing)[5].endswith("-")


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_and_grows_with_its_share(
    values: list[float], share: float
) -> None:
    assert quantile(values, share) in values
    assert quantile(values, share) <= quantile(values, 1.0) == max(values)
    assert quantile(values, 0.0) == min(values)


def _words(line: str) -> str:
    return " ".join(line.split())
