"""How much a caller may use, what one exchange asks of that, and where the caller stands."""

import functools
from typing import Literal

import msgspec

BudgetPeriod = Literal["day", "month", "total"]
Counted = Literal["requests", "tokens"]
"""What rates count."""
Owner = Literal["user", "key"]
"""Whose limits: those of all keys of a user together, or those of one key."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a user or of a key; None: there is none. Tokens count both ways; a budget's
    period begins anew in UTC."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None
    concurrent: int | None = None
    budget_usd: float | None = None
    budget_period: BudgetPeriod = "month"

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return any(
            limit is not None
            for limit in (
                self.requests_per_minute,
                self.tokens_per_minute,
                self.requests_per_day,
                self.tokens_per_day,
                self.concurrent,
                self.budget_usd,
            )
        )


NO_LIMITS = Limits()

MINUTE_S = 60.0
DAY_S = 86_400.0


@functools.lru_cache(maxsize=1024)
def rates_of(limits: Limits) -> tuple["Rate", ...]:
    """The rates among `limits`."""
    rates: tuple[tuple[Counted, int | None, float], ...] = (
        ("requests", limits.requests_per_minute, MINUTE_S),
        ("requests", limits.requests_per_day, DAY_S),
        ("tokens", limits.tokens_per_minute, MINUTE_S),
        ("tokens", limits.tokens_per_day, DAY_S),
    )
    return tuple(
        Rate(counted, limit, period_s) for counted, limit, period_s in rates if limit is not None
    )


Subject = tuple[Owner, str]
"""The owner of limits and its id: this stays where limits change."""


class Account(msgspec.Struct, frozen=True):
    """One user or one key, and its limits."""

    subject: Subject
    limits: Limits

    @property
    def owner(self) -> Owner:
        """Whether it is a user or a key."""
        return self.subject[0]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange asks for at admission: one request, and `tokens` at the most, of every
    one of ``accounts``."""

    accounts: tuple[Account, ...]
    tokens: int


class Standing(msgspec.Struct, frozen=True):
    """What is left of one rate, and after how many seconds all of it is there again."""

    counted: Counted
    limit: int
    remaining: int
    reset_s: float


class Exceeded(msgspec.Struct, frozen=True, kw_only=True):
    """Why an exchange may not go on. ``limit`` in words, ``owner`` whose it is, ``wait_s`` until
    it may, None: never. ``standings`` as they are without it."""

    limit: str
    owner: Owner = "user"
    wait_s: float | None
    budget: bool = False
    standings: tuple[Standing, ...] = ()


class Rate(msgspec.Struct, frozen=True):
    """`limit` of what is counted in `period_s`."""

    counted: Counted
    limit: int
    period_s: float


class Slot(msgspec.Struct, frozen=True):
    """What a reservation took of one rate: it is paid off from `start` to `end`, in seconds of
    the limiter's clock."""

    rate: Rate
    start: float
    end: float


class Share(msgspec.Struct, frozen=True):
    """What a reservation took of one account. ``budget_since`` is the Unix time at which the
    period of its budget began; None: no budget."""

    account: Account
    slots: tuple[Slot, ...] = ()
    budget_since: float | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What was reserved for one exchange; it must be settled once. ``standings`` as they are
    with it."""

    id: int
    shares: tuple[Share, ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def has_budget(self) -> bool:
        """Whether what it costs counts."""
        return any(share.budget_since is not None for share in self.shares)
