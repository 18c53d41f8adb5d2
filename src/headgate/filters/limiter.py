"""Keeps limits in the memory of this process: rates, exchanges at the same time, budgets."""

import itertools
from collections.abc import Callable, Iterable

from headgate.filters.purses import Purses
from headgate.model.limits import (
    DAY_S,
    Account,
    Claim,
    Counted,
    Exceeded,
    Rate,
    Reservation,
    Share,
    Slot,
    Standing,
    Subject,
    rates_of,
)
from headgate.ports import Spending
from headgate.routing import gcra

CONCURRENT_WAIT_S = 1.0
"""When to try again where too much runs at the same time: nobody knows when something ends."""


class MemoryLimiter:
    """See `headgate.ports.Limiter`. `clock` is monotonic, `wall` is Unix time, both in seconds.

    With `spending` a budget goes on where an earlier process left it; without, at nothing.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        wall: Callable[[], float],
        spending: Spending | None = None,
    ) -> None:
        self._clock = clock
        self._purses = Purses(wall, spending)
        self._paid: dict[tuple[Subject, Counted, float], float] = {}
        self._running: dict[Subject, int] = {}
        self._held: dict[int, float] = {}
        self._ids = itertools.count(1)

    async def reserve(self, claim: Claim) -> Reservation | Exceeded:
        """See `Limiter.reserve`. Waits for the books once an account and period, and not long."""
        accounts = claim.accounts
        since = await self._purses.open(accounts)
        now = self._clock()
        shares = tuple(
            Share(account, self._slots(account, claim.tokens, now), since.get(account.subject))
            for account in accounts
        )
        exceeded = (
            self._purses.exceeded(accounts) or self._crowded(accounts) or _too_fast(shares, now)
        )
        if exceeded is not None:
            return Exceeded(
                limit=exceeded.limit,
                owner=exceeded.owner,
                wait_s=exceeded.wait_s,
                budget=exceeded.budget,
                standings=self._standings(accounts, now),
            )
        self._take(shares)
        id_ = next(self._ids)
        self._held[id_] = 0.0
        return Reservation(id=id_, shares=shares, standings=self._standings(accounts, now))

    def hold(self, reservation: Reservation, cost_usd: float) -> Exceeded | None:
        """See `Limiter.hold`."""
        if reservation.id not in self._held:
            return None
        exceeded = self._purses.exceeded(share.account for share in reservation.shares)
        if exceeded is None:
            self._held[reservation.id] += cost_usd
            for share in reservation.shares:
                self._purses.hold(share, cost_usd)
        return exceeded

    def settle(self, reservation: Reservation, tokens: int, cost_usd: float) -> None:
        """See `Limiter.settle`. A second time does nothing."""
        held = self._held.pop(reservation.id, None)
        if held is None:
            return
        now = self._clock()
        for share in reservation.shares:
            self._leave(share.account.subject)
            self._purses.settle(share, held, cost_usd)
            for slot in share.slots:
                if slot.rate.counted == "tokens":
                    key = _key(share.account, slot.rate)
                    self._paid[key] = gcra.settle(slot, self._paid[key], tokens, now)

    def running(self, subject: Subject) -> int:
        """How many exchanges of the subject are running."""
        return self._running.get(subject, 0)

    def spent(self, subject: Subject) -> float:
        """US dollars that the subject has spent of its budget's period, as far as known here."""
        purse = self._purses.purse(subject)
        return purse.spent if purse else 0.0

    def held(self, subject: Subject) -> float:
        """US dollars kept for the subject's running exchanges."""
        purse = self._purses.purse(subject)
        return purse.held if purse else 0.0

    def _slots(self, account: Account, tokens: int, now: float) -> tuple[Slot, ...]:
        amounts = {"requests": 1, "tokens": tokens}
        return tuple(
            gcra.take(rate, self._paid.get(_key(account, rate), now), now, amounts[rate.counted])
            for rate in rates_of(account.limits)
        )

    def _take(self, shares: Iterable[Share]) -> None:
        for share in shares:
            subject = share.account.subject
            self._running[subject] = self.running(subject) + 1
            for slot in share.slots:
                self._paid[_key(share.account, slot.rate)] = slot.end

    def _standings(self, accounts: Iterable[Account], now: float) -> tuple[Standing, ...]:
        return tuple(
            gcra.standing(rate, self._paid.get(_key(account, rate), now), now)
            for account in accounts
            for rate in rates_of(account.limits)
        )

    def _crowded(self, accounts: Iterable[Account]) -> Exceeded | None:
        for account in accounts:
            most = account.limits.concurrent
            if most is not None and self.running(account.subject) >= most:
                words = f"{most} requests at the same time"
                return Exceeded(limit=words, owner=account.owner, wait_s=CONCURRENT_WAIT_S)
        return None

    def _leave(self, subject: Subject) -> None:
        running = self._running[subject] - 1
        if running:
            self._running[subject] = running
        else:
            del self._running[subject]


def _key(account: Account, rate: Rate) -> tuple[Subject, Counted, float]:
    """A limit that is changed goes on with what is owed, as the same share of a period."""
    return account.subject, rate.counted, rate.period_s


def _too_fast(shares: Iterable[Share], now: float) -> Exceeded | None:
    """The rate that is to be waited for the longest, where one is."""
    taken = [(gcra.wait_s(slot, now), slot, share) for share in shares for slot in share.slots]
    wait_s, slot, share = max(taken, key=lambda late: late[0], default=(0.0, None, None))
    if not wait_s or slot is None or share is None:
        return None
    per = "minute" if slot.rate.period_s < DAY_S else "day"
    words = f"{slot.rate.limit} {slot.rate.counted} a {per}"
    return Exceeded(limit=words, owner=share.account.owner, wait_s=wait_s)
