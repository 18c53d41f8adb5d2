"""How much to think, in the three measures that vendors use: a word, a token budget, a level."""

from headgate.model.request import Effort

_BUDGETS: tuple[tuple[Effort, int], ...] = (
    ("minimal", 1024),
    ("low", 2048),
    ("medium", 8192),
    ("high", 24576),
    ("xhigh", 32768),
    ("max", 65536),
)

ORDER: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def budget_for(effort: Effort) -> int:
    """The thinking budget in tokens that stands for `effort`; 0 for ``none``."""
    return dict(_BUDGETS).get(effort, 0)


def effort_for(budget_tokens: int) -> Effort:
    """The effort whose budget covers `budget_tokens`; ``none`` for 0 or less."""
    if budget_tokens <= 0:
        return "none"
    return next((effort for effort, most in _BUDGETS if budget_tokens <= most), "max")


def nearest(effort: Effort, accepted: tuple[Effort, ...]) -> Effort:
    """`effort` where the model accepts it, else the nearest accepted one, the smaller on a tie."""
    if effort in accepted or not accepted:
        return effort
    rank = ORDER.index(effort)
    return min(accepted, key=lambda other: (abs(ORDER.index(other) - rank), ORDER.index(other)))
