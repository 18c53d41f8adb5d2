"""What one account has taken of its limits, as the limiter reads and writes it."""

from dataclasses import dataclass, field
from typing import Protocol

from headgate.model.limits import Counted, Limits, Rate

RateKey = tuple[Counted, float]
"""What a rate counts, and its period in seconds."""


class Paid(Protocol):
    """Until when each rate is paid off, in seconds of the limiter's clock."""

    def get(self, key: RateKey, default: float, /) -> float:
        """The same; `default`, or a time that is over, where nothing of it was ever taken."""
        ...

    def __getitem__(self, key: RateKey, /) -> float: ...
    def __setitem__(self, key: RateKey, paid_at: float, /) -> None: ...


class Tab(Protocol):
    """How many exchanges of an account run, and until when each of its rates is paid off. A limit
    that is changed goes on with what is owed, as the same share of a period."""

    limits: Limits
    rates: tuple[Rate, ...]
    running: int

    @property
    def paid(self) -> Paid:
        """Of each rate."""
        ...


@dataclass(slots=True)
class MemoryTab:
    """A tab in the memory of this process."""

    limits: Limits
    rates: tuple[Rate, ...]
    running: int = 0
    paid: dict[RateKey, float] = field(default_factory=dict)
