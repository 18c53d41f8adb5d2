"""How much to think, as ``thinkingConfig``: a level from Gemini 3 on, a budget before."""

from typing import Any

from headgate.dialects.destination import Abilities
from headgate.dialects.losses import Losses
from headgate.model.effort import budget_for, effort_for, nearest
from headgate.model.request import Effort, ReasoningWish, Request

_LEVELS: dict[Effort, str] = {
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
}
_USUAL_LEVELS: tuple[Effort, ...] = ("minimal", "low", "medium", "high")

MOST_BUDGET = 24_576
"""The largest budget that every model with budgets takes (2.5 Flash's)."""

LEAST_BUDGET = 128
"""The smallest of those that cannot be switched off (2.5 Pro's)."""


def write_thinking(request: Request, abilities: Abilities, losses: Losses) -> dict[str, Any] | None:
    """The ``thinkingConfig`` for what the caller wished, None where nothing is to be said."""
    wish = request.reasoning
    if wish is None:
        return None
    off = wish.mode == "disabled" or wish.effort == "none"
    if abilities.thinking == "none":
        if not off:
            losses.add("reasoning")
        return None
    config: dict[str, Any] = {}
    if abilities.thinking == "level":
        config.update(_level(wish, off, abilities.efforts))
    else:
        config.update(_budget(wish, off, abilities.thinking_off))
    if not off and _wants_thoughts(request, wish):
        config["includeThoughts"] = True
    return config or None


def is_gemini_3(abilities: Abilities) -> bool:
    """Whether the model is of the generations that think by level (3 and later)."""
    return abilities.thinking == "level"


def _level(wish: ReasoningWish, off: bool, efforts: tuple[Effort, ...]) -> dict[str, Any]:
    effort = _effort(wish, off)
    if effort is None:
        return {}
    accepted = tuple(each for each in efforts or _USUAL_LEVELS if each in _LEVELS)
    return {"thinkingLevel": _LEVELS[nearest(effort, accepted or _USUAL_LEVELS)]}


def _effort(wish: ReasoningWish, off: bool) -> Effort | None:
    if off:
        return "none"
    if wish.effort is not None:
        return wish.effort
    return None if wish.budget_tokens is None else effort_for(wish.budget_tokens)


def _budget(wish: ReasoningWish, off: bool, can_be_off: bool) -> dict[str, Any]:
    if off:
        return {"thinkingBudget": 0 if can_be_off else LEAST_BUDGET}
    if wish.budget_tokens is not None:
        return {"thinkingBudget": max(LEAST_BUDGET, min(wish.budget_tokens, MOST_BUDGET))}
    if wish.effort is not None:
        return {"thinkingBudget": min(budget_for(wish.effort), MOST_BUDGET)}
    return {"thinkingBudget": -1} if wish.mode is not None else {}


def _wants_thoughts(request: Request, wish: ReasoningWish) -> bool:
    """Responses callers get summaries only where they ask, the others unless they decline."""
    if request.dialect == "responses":
        return wish.summary not in (None, "omitted")
    return wish.summary != "omitted"
