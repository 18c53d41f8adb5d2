"""Budgets in the memory of this process: what was spent of each, and what is held for more."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from headgate.model.limits import Account, BudgetPeriod, Exceeded, Share, Subject
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import Spending
from headgate.routing.periods import period_end, period_start

NEVER = float("inf")
"""The end of a period that has none."""

_LOG = logging.getLogger(__name__)


class Purse(Protocol):
    """One budget in the period from `start` to `end`, counted since `opened` (Unix seconds).
    `known`: what the books say of the time before is in `spent`."""

    spent: float
    held: float
    loading: asyncio.Task[None] | None

    @property
    def period(self) -> BudgetPeriod | None: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def opened(self) -> float: ...
    @property
    def known(self) -> bool: ...

    def learn(self, usd: float, start: float, opened: float) -> None:
        """So much was spent from `start` until `opened`, the books say."""
        ...


@dataclass(slots=True)
class MemoryPurse:
    """A purse in the memory of this process."""

    period: BudgetPeriod
    start: float
    end: float
    opened: float
    spent: float = 0.0
    held: float = 0.0
    known: bool = False
    loading: asyncio.Task[None] | None = None

    def learn(self, usd: float, start: float, opened: float) -> None:
        """See `Purse.learn`."""
        self.spent += usd
        self.known = True


class Purses:
    """The purses of all accounts that have a budget. `wall` is Unix time in seconds; with
    `spending` a budget goes on where an earlier process left it; without, at nothing."""

    def __init__(self, wall: Callable[[], float], spending: Spending | None) -> None:
        self._wall = wall
        self._spending = spending
        self._purses: dict[Subject, Purse] = {}

    def open(self, accounts: Iterable[Account]) -> list[asyncio.Task[None]]:
        """Gives each budget among `accounts` its purse of this period. Returns what finds out how
        much was spent of it before, which is worth waiting for, once an account and period."""
        loading = []
        for account in accounts:
            if account.limits.budget_usd is not None:
                purse = self._opened(account)
                if purse.loading is not None:
                    loading.append(purse.loading)
        return loading

    def since(self, account: Account) -> float | None:
        """When the period of the account's budget began; None where it has none."""
        if account.limits.budget_usd is None:
            return None
        purse = self._purses.get(account.subject)
        return None if purse is None else purse.start

    def exceeded(self, accounts: Iterable[Account]) -> Exceeded | None:
        """The budget that is gone and comes back last, where one is."""
        last = None
        for account in accounts:
            gone = None if account.limits.budget_usd is None else self._exceeded(account)
            if gone is not None and (last is None or _wait_s(gone) > _wait_s(last)):
                last = gone
        return last

    def hold(self, share: Share, cost_usd: float) -> None:
        """Keeps so much more for an exchange that runs."""
        purse = self._purse_of(share)
        if purse is not None:
            purse.held += cost_usd

    def settle(self, share: Share, held_usd: float, cost_usd: float) -> None:
        """What was held goes back; what it cost is spent."""
        purse = self._purse_of(share)
        if purse is not None:
            purse.held = max(0.0, purse.held - held_usd)
            purse.spent += cost_usd

    def purse(self, subject: Subject) -> Purse | None:
        """The purse of an account; None where it was never asked for."""
        return self._purses.get(subject)

    def _exceeded(self, account: Account) -> Exceeded | None:
        """A budget is gone when all of it is spent or kept for what is running."""
        limits = account.limits
        purse = self._purses.get(account.subject)
        if limits.budget_usd is None or purse is None:
            return None
        if purse.spent + purse.held < limits.budget_usd:
            return None
        wait_s = None if purse.end == NEVER else purse.end - self._wall()
        return Exceeded(
            limit=f"{limits.budget_usd:g} USD" + _PER[limits.budget_period],
            owner=account.owner,
            wait_s=wait_s,
            budget=True,
        )

    def _purse_of(self, share: Share) -> Purse | None:
        """The purse that the share counts for; None where its period is over."""
        purse = self._purses.get(share.account.subject)
        return purse if purse is not None and purse.start == share.budget_since else None

    def _opened(self, account: Account) -> Purse:
        now, period = self._wall(), account.limits.budget_period
        purse = self._purses.get(account.subject)
        if purse is None or purse.period != period or not purse.start <= now < purse.end:
            purse = self._purses[account.subject] = self._begin(account.subject, period)
        if self._spending is not None and not purse.known and purse.loading is None:
            loading = self._load(self._spending, account.subject, purse)
            purse.loading = asyncio.get_running_loop().create_task(loading)
        return purse

    async def _load(self, spending: Spending, subject: Subject, purse: Purse) -> None:
        start, opened = purse.start, purse.opened
        try:
            usd = await spending.spent(subject, start, opened)
            purse.learn(usd, start, opened)
        except StoreUnreachable as error:
            _LOG.warning("what %s %s has spent so far is not known yet: %s", *subject, error)
        finally:
            purse.loading = None

    def _begin(self, subject: Subject, period: BudgetPeriod) -> Purse:
        """A purse of the period that it is now; what was kept for the subject before is over."""
        now = self._wall()
        return MemoryPurse(period, *bounds(period, now), now)


def bounds(period: BudgetPeriod, now: float) -> tuple[float, float]:
    """When the period that it is `now` began, and when it ends, in Unix seconds; `NEVER`."""
    end = period_end(period, now)
    return period_start(period, now), NEVER if end is None else end


_PER = {"day": " a day", "month": " a month", "total": " in all"}


def _wait_s(exceeded: Exceeded) -> float:
    return NEVER if exceeded.wait_s is None else exceeded.wait_s
