from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.effort import ORDER, budget_for, effort_for, nearest
from headgate.model.request import Effort

EFFORTS = st.sampled_from(ORDER)


def test_every_effort_has_its_rank() -> None:
    assert set(ORDER) == set(get_args(Effort))
    budgets = [budget_for(effort) for effort in ORDER]
    assert budgets == sorted(set(budgets))
    assert budget_for("none") == 0


@pytest.mark.parametrize("effort", ORDER)
def test_a_budget_tells_the_effort_that_it_stands_for(effort: Effort) -> None:
    assert effort_for(budget_for(effort)) == effort


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(-1, "none"), (0, "none"), (1, "minimal"), (1025, "low"), (10_000, "high"), (10**9, "max")],
)
def test_any_budget_has_the_effort_that_covers_it(budget: int, effort: Effort) -> None:
    assert effort_for(budget) == effort


def test_an_accepted_effort_stands() -> None:
    assert nearest("low", ("low", "high")) == "low"
    assert nearest("xhigh", ()) == "xhigh"


def test_the_nearest_is_taken_and_the_smaller_on_a_tie() -> None:
    assert nearest("max", ("low", "high")) == "high"
    assert nearest("none", ("low", "high")) == "low"
    assert nearest("medium", ("high", "low")) == "low"


@given(EFFORTS, st.lists(EFFORTS, min_size=1, unique=True).map(tuple))
def test_what_is_taken_is_always_accepted(effort: Effort, accepted: tuple[Effort, ...]) -> None:
    assert nearest(effort, accepted) in accepted
