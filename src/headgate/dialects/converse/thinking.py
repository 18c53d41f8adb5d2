"""How much to think, as the fields that Bedrock hands to the model unread: Claude's own, or
``reasoning_effort`` for the open models."""

from typing import Any

from headgate.dialects.destination import Abilities
from headgate.dialects.losses import Losses
from headgate.model.effort import budget_for, effort_for, nearest
from headgate.model.request import Effort, ReasoningWish

LEAST_BUDGET = 1024

_CLAUDE_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


def write_thinking(
    wish: ReasoningWish | None, abilities: Abilities, most_output: int, losses: Losses
) -> dict[str, Any]:
    """The ``additionalModelRequestFields`` for what the caller wished; `most_output` caps a
    budget, which must be below it."""
    if wish is None:
        return {}
    off = wish.mode == "disabled" or wish.effort == "none"
    if abilities.thinking == "none":
        if not off:
            losses.add("reasoning")
        return {}
    if off:
        return _off(abilities)
    if abilities.thinking == "effort":
        return {"reasoning_effort": nearest(_effort(wish) or "medium", abilities.efforts)}
    if _manual(wish, abilities):
        return _budget(wish, most_output, losses)
    fields: dict[str, Any] = {"thinking": {"type": "adaptive"}}
    effort = _effort(wish)
    if effort is not None:
        accepted = abilities.efforts or _CLAUDE_EFFORTS
        fields["output_config"] = {"effort": nearest(effort, accepted)}
    return fields


def _off(abilities: Abilities) -> dict[str, Any]:
    if abilities.thinking == "effort":
        return {"reasoning_effort": nearest("none", abilities.efforts or ("low",))}
    return {"thinking": {"type": "disabled"}} if abilities.thinking_off else {}


def _manual(wish: ReasoningWish, abilities: Abilities) -> bool:
    if abilities.thinking == "budget":
        return True
    return abilities.thinking == "adaptive_or_budget" and wish.mode == "enabled"


def _budget(wish: ReasoningWish, most_output: int, losses: Losses) -> dict[str, Any]:
    budget = wish.budget_tokens
    if budget is None:
        budget = budget_for(wish.effort or "medium")
    budget = max(LEAST_BUDGET, budget)
    if budget >= most_output:
        budget = most_output - 1
    if budget < LEAST_BUDGET:
        losses.add("reasoning")
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _effort(wish: ReasoningWish) -> Effort | None:
    if wish.effort is not None:
        return wish.effort
    return None if wish.budget_tokens is None else effort_for(wish.budget_tokens)
