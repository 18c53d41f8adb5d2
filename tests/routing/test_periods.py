from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.limits import BudgetPeriod
from headgate.routing.periods import period_end, period_start


def unix(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


NOON = unix(2026, 12, 5, 12, 30)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("day", unix(2026, 12, 5), unix(2026, 12, 6)),
        ("month", unix(2026, 12, 1), unix(2027, 1, 1)),
        ("total", 0.0, None),
    ],
)
def test_a_period_begins_and_ends_in_utc(
    period: BudgetPeriod, start: float, end: float | None
) -> None:
    assert period_start(period, NOON) == start
    assert period_end(period, NOON) == end


@given(st.floats(0, 4e9), st.sampled_from(("day", "month")))
def test_periods_follow_each_other_without_a_gap(at: float, period: BudgetPeriod) -> None:
    end = period_end(period, at)
    assert end is not None
    assert period_start(period, at) <= at < end
    assert period_start(period, end) == end
    assert period_start(period, end - 0.5) == period_start(period, at)
