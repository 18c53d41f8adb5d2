"""Keeps limits in the memory of this process: rates, exchanges at the same time, budgets."""

import asyncio
import itertools
from collections.abc import Callable, Iterable

import msgspec

from headgate.filters.purses import Purses
from headgate.filters.tabs import MemoryTab, Tab
from headgate.model.limits import (
    DAY_S,
    Account,
    Claim,
    Exceeded,
    Reservation,
    Share,
    Standing,
    Subject,
    rates_of,
)
from headgate.ports import Spending
from headgate.routing import gcra

BOOKS_PATIENCE_S = 1.0
"""How long the first request of an account waits for what the books say was spent before."""
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
        self._tabs: dict[Subject, Tab] = {}
        self._held: dict[int, float] = {}
        self._ids = itertools.count(1)

    async def reserve(self, claim: Claim) -> Reservation | Exceeded:
        """See `Limiter.reserve`. Waits for the books once an account and period, and not long."""
        loading = self._purses.open(claim.accounts)
        if loading:
            await asyncio.wait(loading, timeout=BOOKS_PATIENCE_S)
        return self._decide(claim)

    def hold(self, reservation: Reservation, cost_usd: float) -> Exceeded | None:
        """See `Limiter.hold`."""
        if reservation.id not in self._held:
            return None
        exceeded = self._purses.exceeded([share.account for share in reservation.shares])
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
            tab = self._tabs[share.account.subject]
            tab.running -= 1
            self._purses.settle(share, held, cost_usd)
            for slot in share.slots:
                rate = slot.rate
                if rate.counted == "tokens":
                    key = rate.counted, rate.period_s
                    tab.paid[key] = gcra.settle(slot, tab.paid[key], tokens, now)

    def running(self, subject: Subject) -> int:
        """How many exchanges of the subject are running."""
        tab = self._tabs.get(subject)
        return tab.running if tab else 0

    def spent(self, subject: Subject) -> float:
        """US dollars that the subject has spent of its budget's period, as far as known here."""
        purse = self._purses.purse(subject)
        return purse.spent if purse else 0.0

    def held(self, subject: Subject) -> float:
        """US dollars kept for the subject's running exchanges."""
        purse = self._purses.purse(subject)
        return purse.held if purse else 0.0

    def _decide(self, claim: Claim) -> Reservation | Exceeded:
        accounts, now = claim.accounts, self._clock()
        shares = tuple([self._share(account, claim.tokens, now) for account in accounts])
        exceeded = (
            self._purses.exceeded(accounts) or self._crowded(accounts) or _too_fast(shares, now)
        )
        if exceeded is not None:
            return msgspec.structs.replace(exceeded, standings=self._standings(accounts, now))
        for share in shares:
            tab = self._tabs[share.account.subject]
            tab.running += 1
            for slot in share.slots:
                tab.paid[slot.rate.counted, slot.rate.period_s] = slot.end
        id_ = next(self._ids)
        self._held[id_] = 0.0
        return Reservation(id=id_, shares=shares, standings=_standings_with(shares, now))

    def _tab(self, account: Account) -> Tab:
        subject, limits = account.subject, account.limits
        tab = self._tabs.get(subject)
        if tab is None:
            tab = self._tabs[subject] = self._new_tab(account)
        elif tab.limits is not limits:
            tab.limits, tab.rates = limits, rates_of(limits)
        return tab

    def _new_tab(self, account: Account) -> Tab:
        return MemoryTab(account.limits, rates_of(account.limits))

    def _share(self, account: Account, tokens: int, now: float) -> Share:
        """What the claim would take of the account."""
        tab, slots = self._tab(account), []
        paid = tab.paid
        for rate in tab.rates:
            amount = 1 if rate.counted == "requests" else tokens
            paid_at = paid.get((rate.counted, rate.period_s), now)
            slots.append(gcra.take(rate, paid_at, now, amount))
        return Share(account, tuple(slots), self._purses.since(account))

    def _standings(self, accounts: Iterable[Account], now: float) -> tuple[Standing, ...]:
        """As they are without the claim."""
        found = []
        for account in accounts:
            tab = self._tab(account)
            for rate in tab.rates:
                paid_at = tab.paid.get((rate.counted, rate.period_s), now)
                found.append(gcra.standing(rate, paid_at, now))
        return tuple(found)

    def _crowded(self, accounts: Iterable[Account]) -> Exceeded | None:
        for account in accounts:
            most = account.limits.concurrent
            if most is not None and self._tab(account).running >= most:
                words = f"{most} requests at the same time"
                return Exceeded(limit=words, owner=account.owner, wait_s=CONCURRENT_WAIT_S)
        return None


def _standings_with(shares: Iterable[Share], now: float) -> tuple[Standing, ...]:
    """As they are once the claim was taken."""
    return tuple(
        [gcra.standing(slot.rate, slot.end, now) for share in shares for slot in share.slots]
    )


def _too_fast(shares: Iterable[Share], now: float) -> Exceeded | None:
    """The rate that is to be waited for the longest, where one is."""
    wait_s, slowest = 0.0, None
    for share in shares:
        for slot in share.slots:
            late_s = gcra.wait_s(slot, now)
            if late_s > wait_s:
                wait_s, slowest = late_s, (slot.rate, share.account.owner)
    if slowest is None:
        return None
    rate, owner = slowest
    per = "minute" if rate.period_s < DAY_S else "day"
    words = f"{rate.limit} {rate.counted} a {per}"
    return Exceeded(limit=words, owner=owner, wait_s=wait_s)
