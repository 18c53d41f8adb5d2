"""Budgets in the memory of this process: what was spent of each, and what is held for more."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from headgate.model.limits import Account, Exceeded, Share, Subject
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import Spending
from headgate.routing.periods import period_end, period_start

BOOKS_PATIENCE_S = 1.0
"""How long the first request of an account waits for what the books say was spent before."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Purse:
    """One budget in the period that began at `start`, counted since `opened` (Unix seconds)."""

    start: float
    opened: float
    spent: float = 0.0
    held: float = 0.0
    known: bool = False
    loading: asyncio.Task[None] | None = None


class Purses:
    """The purses of all accounts that have a budget. `wall` is Unix time in seconds; with
    `spending` a budget goes on where an earlier process left it; without, at nothing."""

    def __init__(self, wall: Callable[[], float], spending: Spending | None) -> None:
        self._wall = wall
        self._spending = spending
        self._purses: dict[Subject, Purse] = {}

    async def open(self, accounts: Iterable[Account]) -> dict[Subject, float]:
        """When the period of each budget among `accounts` began, once it is known what was spent
        in it; waits for that once an account and period, and not long."""
        opened = {
            account.subject: self._opened(account)
            for account in accounts
            if account.limits.budget_usd is not None
        }
        loading = [purse.loading for purse in opened.values() if purse.loading is not None]
        if loading:
            await asyncio.wait(loading, timeout=BOOKS_PATIENCE_S)
        return {subject: purse.start for subject, purse in opened.items()}

    def exceeded(self, accounts: Iterable[Account]) -> Exceeded | None:
        """The budget that is gone and comes back last, where one is."""
        gone = [exceeded for account in accounts if (exceeded := self._exceeded(account))]
        return max(gone, key=_wait_s, default=None)

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
        now = self._wall()
        end = period_end(limits.budget_period, now)
        return Exceeded(
            limit=f"{limits.budget_usd:g} USD" + _PER[limits.budget_period],
            owner=account.owner,
            wait_s=None if end is None else end - now,
            budget=True,
        )

    def _purse_of(self, share: Share) -> Purse | None:
        """The purse that the share counts for; None where its period is over."""
        purse = self._purses.get(share.account.subject)
        return purse if purse is not None and purse.start == share.budget_since else None

    def _opened(self, account: Account) -> Purse:
        now = self._wall()
        start = period_start(account.limits.budget_period, now)
        purse = self._purses.get(account.subject)
        if purse is None or purse.start != start:
            purse = self._purses[account.subject] = Purse(start, now)
        if self._spending is not None and not purse.known and purse.loading is None:
            loading = self._load(self._spending, account.subject, purse)
            purse.loading = asyncio.get_running_loop().create_task(loading)
        return purse

    async def _load(self, spending: Spending, subject: Subject, purse: Purse) -> None:
        try:
            purse.spent += await spending.spent(subject, purse.start, purse.opened)
            purse.known = True
        except StoreUnreachable as error:
            _LOG.warning("what %s %s has spent so far is not known yet: %s", *subject, error)
        finally:
            purse.loading = None


_PER = {"day": " a day", "month": " a month", "total": " in all"}


def _wait_s(exceeded: Exceeded) -> float:
    return float("inf") if exceeded.wait_s is None else exceeded.wait_s
