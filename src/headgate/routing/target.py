"""A model's targets and the rules by which they are tried."""

from typing import Literal

import msgspec

Strategy = Literal[
    "weighted", "round_robin", "least_busy", "fastest", "cheapest", "hash", "priority"
]
Condition = Literal["connect", "timeout", "429", "5xx"]
"""Why another attempt may be made: never connected or reset, too slow, limited, or broken."""

ALL_CONDITIONS: frozenset[Condition] = frozenset(("connect", "timeout", "429", "5xx"))


class Target(msgspec.Struct, frozen=True):
    """A backend and the model's name there. Lower ``priority`` is tried first."""

    backend: str
    model: str
    weight: float = 1.0
    priority: int = 0

    @property
    def key(self) -> str:
        """The name under which health is kept."""
        return f"{self.backend}/{self.model}"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What a model name resolves to.

    ``retries`` counts further attempts over all targets. ``declared``: the operator wrote it
    under ``models``; else it stands for the backends that list the name, and a target is asked
    twice only where nothing was sent. ``refuse_losses``: a loss in translation is a 400.
    """

    name: str
    targets: tuple[Target, ...]
    strategy: Strategy = "weighted"
    hash_on: str = "session"
    retries: int = 2
    fallback_on: frozenset[Condition] = ALL_CONDITIONS
    declared: bool = True
    refuse_losses: bool = False
