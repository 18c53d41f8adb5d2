"""Keeps limits in the memory of this process: rates, exchanges at the same time, budgets."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from headgate.model.limits import (
    DAY_S,
    Claim,
    Counted,
    Exceeded,
    Rate,
    Reservation,
    Slot,
    Standing,
    rates_of,
)
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import Spending
from headgate.routing import gcra
from headgate.routing.periods import period_end, period_start

BOOKS_PATIENCE_S = 1.0
"""How long a caller's first request waits for what the books say that was spent before."""
CONCURRENT_WAIT_S = 1.0
"""When to try again where too much runs at the same time: nobody knows when something ends."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Purse:
    """One caller's budget in the period that began at `start`, counted since `opened`."""

    start: float
    opened: float
    spent: float = 0.0
    held: float = 0.0
    known: bool = False
    loading: asyncio.Task[None] | None = None


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
        self._wall = wall
        self._spending = spending
        self._paid: dict[tuple[str, Counted, float], float] = {}
        self._running: dict[str, int] = {}
        self._purses: dict[str, _Purse] = {}
        self._held: dict[int, float] = {}
        self._ids = itertools.count(1)

    async def reserve(self, claim: Claim) -> Reservation | Exceeded:
        """See `Limiter.reserve`. Waits for the books once a caller and period, and not long."""
        since = None
        if claim.limits.budget_usd is not None:
            since = await self._open_purse(claim)
        now = self._clock()
        slots = self._slots(claim, now)
        exceeded = self._empty(claim) or self._crowded(claim) or _too_fast(slots, now)
        if exceeded is not None:
            return Exceeded(
                limit=exceeded.limit,
                wait_s=exceeded.wait_s,
                budget=exceeded.budget,
                standings=self._standings(claim, now),
            )
        for slot in slots:
            self._paid[_key(claim, slot.rate)] = slot.end
        self._running[claim.subject] = self.running(claim.subject) + 1
        id_ = next(self._ids)
        self._held[id_] = 0.0
        return Reservation(
            id=id_,
            claim=claim,
            slots=slots,
            budget_since=since,
            standings=self._standings(claim, now),
        )

    def hold(self, reservation: Reservation, cost_usd: float) -> Exceeded | None:
        """See `Limiter.hold`."""
        purse = self._purse_of(reservation)
        if purse is None or reservation.id not in self._held:
            return None
        exceeded = self._empty(reservation.claim)
        if exceeded is None:
            purse.held += cost_usd
            self._held[reservation.id] += cost_usd
        return exceeded

    def settle(self, reservation: Reservation, tokens: int, cost_usd: float) -> None:
        """See `Limiter.settle`. A second time does nothing."""
        held = self._held.pop(reservation.id, None)
        if held is None:
            return
        now = self._clock()
        for slot in reservation.slots:
            if slot.rate.counted == "tokens":
                key = _key(reservation.claim, slot.rate)
                self._paid[key] = gcra.settle(slot, self._paid[key], tokens, now)
        self._leave(reservation.claim.subject)
        purse = self._purse_of(reservation)
        if purse is not None:
            purse.held = max(0.0, purse.held - held)
            purse.spent += cost_usd

    def running(self, subject: str) -> int:
        """How many exchanges of the subject are running."""
        return self._running.get(subject, 0)

    def spent(self, subject: str) -> float:
        """US dollars that the subject has spent of its budget's period, as far as known here."""
        purse = self._purses.get(subject)
        return purse.spent if purse else 0.0

    def held(self, subject: str) -> float:
        """US dollars kept for the subject's running exchanges."""
        purse = self._purses.get(subject)
        return purse.held if purse else 0.0

    def _slots(self, claim: Claim, now: float) -> tuple[Slot, ...]:
        amounts = {"requests": 1, "tokens": claim.tokens}
        return tuple(
            gcra.take(rate, self._paid.get(_key(claim, rate), now), now, amounts[rate.counted])
            for rate in rates_of(claim.limits)
        )

    def _standings(self, claim: Claim, now: float) -> tuple[Standing, ...]:
        return tuple(
            gcra.standing(rate, self._paid.get(_key(claim, rate), now), now)
            for rate in rates_of(claim.limits)
        )

    def _crowded(self, claim: Claim) -> Exceeded | None:
        most = claim.limits.concurrent
        if most is None or self.running(claim.subject) < most:
            return None
        return Exceeded(limit=f"{most} requests at the same time", wait_s=CONCURRENT_WAIT_S)

    def _leave(self, subject: str) -> None:
        running = self._running[subject] - 1
        if running:
            self._running[subject] = running
        else:
            del self._running[subject]

    def _empty(self, claim: Claim) -> Exceeded | None:
        """A budget is gone when all of it is spent or kept for what is running."""
        limits = claim.limits
        purse = self._purses.get(claim.subject)
        if limits.budget_usd is None or purse is None:
            return None
        if purse.spent + purse.held < limits.budget_usd:
            return None
        end = period_end(limits.budget_period, self._wall())
        words = f"{limits.budget_usd:g} USD" + _PER[limits.budget_period]
        wait_s = None if end is None else end - self._wall()
        return Exceeded(limit=words, wait_s=wait_s, budget=True)

    def _purse_of(self, reservation: Reservation) -> _Purse | None:
        """The purse that the reservation counts for; None where its period is over."""
        purse = self._purses.get(reservation.claim.subject)
        return purse if purse is not None and purse.start == reservation.budget_since else None

    async def _open_purse(self, claim: Claim) -> float:
        """The start of the budget's period, once it is known what was spent in it."""
        now = self._wall()
        start = period_start(claim.limits.budget_period, now)
        purse = self._purses.get(claim.subject)
        if purse is None or purse.start != start:
            purse = self._purses[claim.subject] = _Purse(start, now)
        if self._spending is None or purse.known:
            return start
        if purse.loading is None:
            loading = self._load(self._spending, claim.subject, purse)
            purse.loading = asyncio.get_running_loop().create_task(loading)
        try:
            async with asyncio.timeout(BOOKS_PATIENCE_S):
                await asyncio.shield(purse.loading)
        except TimeoutError:
            pass
        return start

    async def _load(self, spending: Spending, subject: str, purse: _Purse) -> None:
        try:
            purse.spent += await spending.spent(subject, purse.start, purse.opened)
            purse.known = True
        except StoreUnreachable as error:
            _LOG.warning("what %s has spent so far is not known yet: %s", subject, error)
        finally:
            purse.loading = None


def _key(claim: Claim, rate: Rate) -> tuple[str, Counted, float]:
    """A limit that is changed goes on with what is owed, as the same share of a period."""
    return claim.subject, rate.counted, rate.period_s


_PER = {"day": " a day", "month": " a month", "total": " in all"}


def _too_fast(slots: Iterable[Slot], now: float) -> Exceeded | None:
    """The rate that is to be waited for the longest, where one is."""
    late = max(slots, key=lambda slot: gcra.wait_s(slot, now), default=None)
    if late is None or not (wait_s := gcra.wait_s(late, now)):
        return None
    per = "minute" if late.rate.period_s < DAY_S else "day"
    return Exceeded(limit=f"{late.rate.limit} {late.rate.counted} a {per}", wait_s=wait_s)
