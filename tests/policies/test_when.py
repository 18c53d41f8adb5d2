from typing import Any

import pytest

from headgate.policies.occasion import Occasion
from headgate.policies.when import Condition, WhenSettings

HERE = Occasion(
    user="alice",
    model="gpt-4o-mini",
    backend="openai",
    path="/v1/messages",
    headers={"x-team": "red"},
)


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        ({}, True),
        ({"user": "alice"}, True),
        ({"user": "a*"}, True),
        ({"user": ("bob", "al?ce")}, True),
        ({"user": "bob"}, False),
        ({"model": "gpt-4o*", "path": "/v1/messages"}, True),
        ({"model": "gpt-4o*", "path": "/v1/responses"}, False),
        ({"backend": "open*"}, True),
        ({"backend": ()}, False),
        ({"header": {"X-Team": ("red", "blue")}}, True),
        ({"header": {"x-team": "blue"}}, False),
        ({"header": {"x-none": "*"}}, False),
    ],
)
def test_every_key_must_fit_and_one_glob_of_a_list(keys: dict[str, Any], fits: bool) -> None:
    assert Condition(WhenSettings(**keys)).fits(HERE) is fits
    assert Condition(unless=WhenSettings(**keys)).fits(HERE) is not fits


def test_when_and_unless_hold_together() -> None:
    condition = Condition(WhenSettings(user="a*"), WhenSettings(model="gpt*"))
    assert not condition.fits(HERE)
    assert condition.fits(Occasion(user="anna", model="claude"))


def test_before_a_backend_is_chosen_none_fits() -> None:
    nowhere = Occasion(user="alice")
    asks = (Condition(WhenSettings(backend="*")), Condition(unless=WhenSettings(backend="x")))
    assert all(condition.asks_backend and not condition.fits(nowhere) for condition in asks)
    assert not Condition(WhenSettings(user="alice")).asks_backend
