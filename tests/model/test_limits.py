import pytest

from headgate.model.limits import DAY_S, MINUTE_S, NO_LIMITS, Limits, Rate, rates_of


def test_a_user_without_limits_has_none() -> None:
    assert not NO_LIMITS
    assert not Limits(budget_period="day")
    assert rates_of(NO_LIMITS) == ()


@pytest.mark.parametrize(
    "limits",
    [
        Limits(requests_per_minute=1),
        Limits(tokens_per_minute=1),
        Limits(requests_per_day=1),
        Limits(tokens_per_day=1),
        Limits(concurrent=1),
        Limits(budget_usd=0.0),
    ],
)
def test_every_limit_counts_as_one(limits: Limits) -> None:
    assert limits


def test_rates_are_those_of_minutes_and_days() -> None:
    limits = Limits(
        requests_per_minute=1,
        requests_per_day=2,
        tokens_per_minute=3,
        tokens_per_day=4,
        concurrent=5,
    )
    assert rates_of(limits) == (
        Rate("requests", 1, MINUTE_S),
        Rate("requests", 2, DAY_S),
        Rate("tokens", 3, MINUTE_S),
        Rate("tokens", 4, DAY_S),
    )
