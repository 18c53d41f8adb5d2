"""Thinking levels and budgets."""

from typing import Any

import pytest

from headgate.dialects.destination import Abilities
from headgate.dialects.gemini.thinking import is_gemini_3, write_thinking
from headgate.dialects.losses import Losses
from headgate.model.request import ReasoningWish
from tests.dialects.gemini.drive import ask

WISH = ReasoningWish


def thinking(
    wish: ReasoningWish | None, abilities: Abilities, dialect: str = "chat"
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    request = ask(reasoning=wish, dialect=dialect)
    losses = Losses(request)
    return write_thinking(request, abilities, losses), losses.names


@pytest.mark.parametrize(
    ("wish", "level"),
    [
        (WISH("low"), "LOW"),
        (WISH("high"), "HIGH"),
        (WISH("max"), "HIGH"),
        (WISH(budget_tokens=8000), "MEDIUM"),
        (WISH("none"), "MINIMAL"),
        (WISH(mode="disabled"), "MINIMAL"),
    ],
)
def test_gemini_3_thinks_by_level(wish: ReasoningWish, level: str) -> None:
    config, lost = thinking(wish, Abilities(thinking="level"))

    assert config is not None
    assert config["thinkingLevel"] == level
    assert "thinkingBudget" not in config
    assert lost == ()


def test_the_models_own_levels_count() -> None:
    abilities = Abilities(thinking="level", efforts=("low", "high", "xhigh"))

    assert (thinking(WISH("minimal"), abilities)[0] or {})["thinkingLevel"] == "LOW"
    assert (thinking(WISH("max"), abilities)[0] or {})["thinkingLevel"] == "XHIGH"


@pytest.mark.parametrize(
    ("wish", "can_be_off", "budget"),
    [
        (WISH("medium"), True, 8192),
        (WISH("max"), True, 24576),
        (WISH(budget_tokens=5000), True, 5000),
        (WISH(budget_tokens=90000), True, 24576),
        (WISH("none"), True, 0),
        (WISH("none"), False, 128),
        (WISH(mode="adaptive"), True, -1),
    ],
)
def test_gemini_2_thinks_by_budget(wish: ReasoningWish, can_be_off: bool, budget: int) -> None:
    config, _ = thinking(wish, Abilities(thinking="budget", thinking_off=can_be_off))

    assert config is not None
    assert config["thinkingBudget"] == budget
    assert "thinkingLevel" not in config


def test_nothing_is_said_where_nothing_was_wished() -> None:
    assert thinking(None, Abilities(thinking="level")) == (None, ())


def test_a_model_without_thought_loses_the_wish_under_the_callers_name() -> None:
    silent = Abilities(thinking="none")

    assert thinking(WISH("high"), silent) == (None, ("reasoning_effort",))
    assert thinking(WISH("high"), silent, "messages") == (None, ("thinking",))
    assert thinking(WISH("none"), silent) == (None, ())


@pytest.mark.parametrize(
    ("dialect", "summary", "wanted"),
    [
        ("chat", None, True),
        ("messages", "omitted", False),
        ("messages", None, True),
        ("responses", None, False),
        ("responses", "auto", True),
    ],
)
def test_thoughts_are_asked_for_where_the_caller_shows_them(
    dialect: str, summary: str | None, wanted: bool
) -> None:
    config, _ = thinking(WISH("low", summary=summary), Abilities(thinking="level"), dialect)

    assert ("includeThoughts" in (config or {})) == wanted


def test_the_generation_is_known_by_how_it_thinks() -> None:
    assert is_gemini_3(Abilities(thinking="level"))
    assert not is_gemini_3(Abilities(thinking="budget"))
