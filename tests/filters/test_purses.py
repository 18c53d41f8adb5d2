import pytest

from headgate.filters.purses import Purses
from headgate.model.limits import Account, Limits, Share
from tests.filters.clocks import Clocks

DAILY = Account(("key", "k1"), Limits(budget_usd=1.0, budget_period="day"))
ENDLESS = Account(("user", "alice"), Limits(budget_usd=1.0, budget_period="total"))
UNLIMITED = Account(("user", "bob"), Limits(concurrent=1))


def _share(purses: Purses, account: Account) -> Share:
    assert purses.open((account,)) == []
    return Share(account, (), purses.since(account))


def test_only_what_has_a_budget_has_a_purse() -> None:
    purses = Purses(Clocks().wall, None)
    share = _share(purses, UNLIMITED)
    assert share.budget_since is None
    purses.hold(share, 5.0)
    purses.settle(share, 5.0, 5.0)
    assert purses.exceeded((UNLIMITED,)) is None
    assert purses.purse(UNLIMITED.subject) is None


def test_what_is_held_and_spent_empties_a_purse() -> None:
    purses = Purses(Clocks().wall, None)
    share = _share(purses, DAILY)
    purses.hold(share, 1.0)
    exceeded = purses.exceeded((DAILY, UNLIMITED))
    assert exceeded is not None
    assert (exceeded.owner, exceeded.limit) == ("key", "1 USD a day")
    assert exceeded.wait_s == pytest.approx(12 * 3600.0)
    purses.settle(share, 1.0, 0.25)
    assert purses.exceeded((DAILY,)) is None


def test_of_two_that_are_empty_the_one_that_comes_back_last_is_told() -> None:
    purses = Purses(Clocks().wall, None)
    for account in (ENDLESS, DAILY):
        purses.hold(_share(purses, account), 1.0)
    exceeded = purses.exceeded((DAILY, ENDLESS))
    assert exceeded is not None
    assert (exceeded.owner, exceeded.wait_s) == ("user", None)


def test_what_began_yesterday_does_not_count_today() -> None:
    clocks = Clocks()
    purses = Purses(clocks.wall, None)
    yesterday = _share(purses, DAILY)
    clocks.pass_by(12 * 3600)
    _share(purses, DAILY)
    purses.hold(yesterday, 1.0)
    purses.settle(yesterday, 0.0, 1.0)
    assert purses.exceeded((DAILY,)) is None
