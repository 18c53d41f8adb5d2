import pytest

from headgate.filters.shared_limiter import SharedTab
from headgate.filters.shared_rows import Seat, SharedRows
from headgate.filters.tabs import MemoryTab, RateKey, Tab
from headgate.model.limits import Limits, rates_of

LIMITS = Limits(requests_per_minute=1, requests_per_day=2, tokens_per_minute=3, tokens_per_day=4)
RATES = rates_of(LIMITS)


def shared() -> Tab:
    row = Seat(SharedRows(2), 1).row(("user", "alice"))
    assert row is not None
    return SharedTab(LIMITS, row)


@pytest.fixture(params=["memory", "shared"])
def tab(request: pytest.FixtureRequest) -> Tab:
    return MemoryTab(LIMITS, RATES) if request.param == "memory" else shared()


def test_each_rate_is_kept_apart(tab: Tab) -> None:
    keys: list[RateKey] = [(rate.counted, rate.period_s) for rate in tab.rates]
    assert tab.rates == RATES
    for at, key in enumerate(keys):
        assert tab.paid.get(key, -1.0) <= 0.0
        tab.paid[key] = 100.0 + at
    assert [tab.paid[key] for key in keys] == [100.0, 101.0, 102.0, 103.0]
    assert [tab.paid.get(key, 0.0) for key in keys] == [100.0, 101.0, 102.0, 103.0]


def test_what_runs_is_counted_up_and_down(tab: Tab) -> None:
    assert tab.running == 0
    tab.running += 1
    tab.running += 1
    tab.running -= 1
    assert tab.running == 1
