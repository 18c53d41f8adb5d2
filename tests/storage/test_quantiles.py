import math

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.analytics import Quantiles
from headgate.model.figures import latency_bucket
from headgate.storage.quantiles import PER_CENT, quantiles

times = st.lists(st.floats(0.25, 1e6), min_size=1, max_size=60)


@given(times)
def test_a_quantile_is_within_an_eighth_of_the_nearest_ranks_value(values: list[float]) -> None:
    buckets: dict[int, list[float]] = {}
    for value in sorted(values):
        buckets.setdefault(latency_bucket(value), []).append(value)
    found = quantiles([(len(inside), math.fsum(inside)) for inside in buckets.values()])
    for per_cent, told in zip(PER_CENT, (found.p50, found.p95, found.p99), strict=True):
        true = sorted(values)[math.ceil(len(values) * per_cent / 100) - 1]
        assert told is not None
        assert abs(told - true) <= true / 8 + 0.001


@given(st.floats(0.25, 1e6), st.integers(1, 9))
def test_equal_values_are_told_exactly(value: float, n: int) -> None:
    told = round(n * value / n, 3)
    assert quantiles([(n, n * value)]) == Quantiles(told, told, told)


def test_nothing_and_what_was_taken_back_have_no_quantiles() -> None:
    assert quantiles([]) == Quantiles()
    assert quantiles([(0, 0.0)]) == Quantiles()
    assert quantiles([(0, 1e-17), (1, 5.0)]) == Quantiles(5.0, 5.0, 5.0)
