import pytest
from pydantic import ValidationError

from headgate.admin.limits_body import LimitsBody, limits_of
from headgate.model.limits import NO_LIMITS, Limits


def test_what_is_given_are_the_limits_and_null_is_none() -> None:
    body = LimitsBody(requests_per_minute=3, budget_usd=1.5, budget_period="day")
    assert limits_of(body.given()) == Limits(
        requests_per_minute=3, budget_usd=1.5, budget_period="day"
    )
    assert limits_of(None) == NO_LIMITS


@pytest.mark.parametrize(
    "wrong", [{"concurrent": 0}, {"budget_usd": -1.0}, {"budget_period": "week"}, {"rpm": 1}]
)
def test_what_is_no_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LimitsBody.model_validate(wrong)
