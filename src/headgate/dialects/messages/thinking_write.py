"""How much to think, in the form that the target's model takes.

Anthropic's models up to 4.5 take a budget only, 4.6 both forms, later ones only ``adaptive`` with
an effort beside it; which is which is data (`Abilities.thinking`).
"""

from typing import Any

from headgate.dialects.destination import Abilities
from headgate.dialects.messages.writing import Writing
from headgate.model.effort import budget_for, effort_for, nearest
from headgate.model.request import Effort, ReasoningWish, Request

Object = dict[str, Any]

_LEAST_BUDGET = 1024
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


class Thought:
    """What a request says of thinking: ``thinking`` and ``output_config.effort``."""

    def __init__(self, thinking: Object | None = None, effort: Effort | None = None) -> None:
        self.thinking = thinking
        self.effort = effort

    @property
    def on(self) -> bool:
        """The model will think."""
        return self.thinking is not None and self.thinking.get("type") != "disabled"

    @property
    def manual(self) -> bool:
        """It thinks within a budget, which forbids forced tools and a prefilled answer."""
        return self.thinking is not None and self.thinking.get("type") == "enabled"


def write_thinking(request: Request, writing: Writing, max_tokens: int) -> Thought:
    """The wish in the target's form; a wish that the model cannot grant is a loss."""
    wish = request.reasoning
    if wish is None:
        return Thought()
    if wish.extras is not None and "type" in wish.extras:
        return _unknown_form(wish, writing)
    abilities = writing.destination.abilities
    off = wish.mode == "disabled" or (wish.mode is None and wish.effort == "none")
    if abilities.thinking == "none":
        if not off:
            _lose(wish, writing)
        return Thought()
    if off:
        return _off(wish, abilities)
    thought = _on(wish, writing, max_tokens)
    if thought.on and thought.thinking is not None:
        thought.thinking.update(_display(wish))
        if writing.native:
            thought.thinking.update(wish.extras or {})
    return thought


def _on(wish: ReasoningWish, writing: Writing, max_tokens: int) -> Thought:
    abilities = writing.destination.abilities
    if abilities.thinking == "budget":
        return _budget(wish, writing, max_tokens)
    effort = _effort(wish, abilities)
    if wish.mode is None and writing.native:
        return Thought(effort=effort)
    if wish.mode == "enabled" and abilities.thinking != "adaptive" and wish.budget_tokens:
        said = _effort(ReasoningWish(wish.effort), abilities)
        return Thought({"type": "enabled", "budget_tokens": wish.budget_tokens}, said)
    return Thought({"type": "adaptive"}, effort)


def _budget(wish: ReasoningWish, writing: Writing, max_tokens: int) -> Thought:
    effort = wish.effort if writing.native and writing.destination.abilities.efforts else None
    if wish.mode is None and writing.native:
        if effort is None:
            writing.losses.add("effort")
        return Thought(effort=effort)
    asked = wish.budget_tokens or budget_for(wish.effort or "medium")
    budget = max(asked, _LEAST_BUDGET)
    if budget >= max_tokens:
        # The budget counts towards the output, so a fifth is left for the answer.
        budget = max(_LEAST_BUDGET, max_tokens * 4 // 5)
    if budget >= max_tokens:
        _lose(wish, writing)
        return Thought(effort=effort)
    return Thought({"type": "enabled", "budget_tokens": budget}, effort)


def _off(wish: ReasoningWish, abilities: Abilities) -> Thought:
    if not abilities.thinking_off:
        return Thought({"type": "adaptive"}, "low")
    effort = _effort(ReasoningWish(wish.effort), abilities) if wish.effort != "none" else None
    return Thought({"type": "disabled"}, effort)


def _effort(wish: ReasoningWish, abilities: Abilities) -> Effort | None:
    effort = wish.effort
    if effort is None and wish.budget_tokens:
        effort = effort_for(wish.budget_tokens)
    if effort is None:
        return None
    accepted = tuple(e for e in abilities.efforts if e in _EFFORTS) or _EFFORTS
    return nearest(effort, accepted)


def _display(wish: ReasoningWish) -> Object:
    if wish.summary is None:
        return {}
    return {"display": "omitted" if wish.summary == "omitted" else "summarized"}


def _unknown_form(wish: ReasoningWish, writing: Writing) -> Thought:
    if writing.native:
        return Thought(dict(wish.extras or {}), wish.effort)
    _lose(wish, writing)
    return Thought()


def _lose(wish: ReasoningWish, writing: Writing) -> None:
    if wish.mode is not None or not writing.native:
        writing.losses.add("reasoning")
    if wish.effort is not None and writing.native:
        writing.losses.add("effort")
