from hypothesis import given
from hypothesis import strategies as st

from headgate.model.figures import DAY_S
from headgate.storage.days import Days, split

moments = st.none() | st.integers(0, 5 * DAY_S).map(float)


def _has(days: Days, moment: float) -> int:
    day = moment // DAY_S
    whole = (days.first is None or day >= days.first) and (days.end is None or day < days.end)
    return whole + sum(low <= moment < high for low, high in days.pieces)


@given(moments, moments, st.integers(0, 5 * DAY_S).map(float))
def test_every_moment_of_a_range_is_in_it_once_and_no_other(
    since: float | None, until: float | None, moment: float
) -> None:
    inside = (since is None or moment >= since) and (until is None or moment < until)
    assert _has(split(since, until), moment) == inside


def test_days_alone_need_no_pieces() -> None:
    assert split(float(DAY_S), 3.0 * DAY_S) == Days(1, 3)
    assert split(None, None) == Days(None, None)


def test_an_hour_is_a_piece() -> None:
    days = split(3600.0, 7200.0)
    assert (days.is_empty, days.pieces) == (True, ((3600.0, 7200.0),))
