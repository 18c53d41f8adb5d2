"""Thinking on Bedrock."""

from typing import Any

import pytest

from headgate.dialects.converse.thinking import write_thinking
from headgate.dialects.destination import Abilities
from headgate.dialects.losses import Losses
from headgate.model.request import ReasoningWish
from tests.dialects.converse.drive import ask

WISH = ReasoningWish


def thinking(
    wish: ReasoningWish | None, most: int = 32_000, **abilities: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    losses = Losses(ask())
    return write_thinking(wish, Abilities(**abilities), most, losses), losses.names


@pytest.mark.parametrize(
    ("wish", "written"),
    [
        (None, {}),
        (WISH(mode="adaptive"), {"thinking": {"type": "adaptive"}}),
        (
            WISH("xhigh"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
        ),
        (
            WISH(budget_tokens=9000, mode="enabled"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        (WISH("none"), {"thinking": {"type": "disabled"}}),
    ],
)
def test_adaptive_models_think_by_effort(wish: ReasoningWish | None, written: Any) -> None:
    assert thinking(wish, thinking="adaptive") == (written, ())


@pytest.mark.parametrize(
    ("wish", "most", "budget"),
    [
        (WISH(budget_tokens=5000, mode="enabled"), 32_000, 5000),
        (WISH(budget_tokens=5), 32_000, 1024),
        (WISH("medium"), 32_000, 8192),
        (WISH("high"), 4000, 3999),
    ],
)
def test_manual_models_think_by_budget_below_the_cap(
    wish: ReasoningWish, most: int, budget: int
) -> None:
    enabled = {"thinking": {"type": "enabled", "budget_tokens": budget}}

    assert thinking(wish, most, thinking="budget") == (enabled, ())


def test_a_cap_too_small_for_any_budget_loses_the_thinking() -> None:
    assert thinking(WISH("high"), 1000, thinking="budget") == ({}, ("thinking",))


def test_models_of_both_kinds_take_a_manual_wish_as_it_is() -> None:
    manual = WISH(budget_tokens=2000, mode="enabled")
    both: Any = {"thinking": "adaptive_or_budget"}

    assert thinking(manual, **both)[0]["thinking"]["type"] == "enabled"
    assert thinking(WISH("low"), **both)[0]["thinking"]["type"] == "adaptive"


def test_what_cannot_be_switched_off_or_on_is_not() -> None:
    assert thinking(WISH("none"), thinking="adaptive", thinking_off=False) == ({}, ())
    assert thinking(WISH("low"), thinking="none") == ({}, ("thinking",))
    assert thinking(WISH("none"), thinking="none") == ({}, ())


def test_open_models_take_an_effort() -> None:
    efforts: Any = ("low", "medium", "high")

    assert thinking(WISH("max"), thinking="effort", efforts=efforts)[0] == {
        "reasoning_effort": "high"
    }
    assert thinking(WISH("none"), thinking="effort", efforts=efforts)[0] == {
        "reasoning_effort": "low"
    }
