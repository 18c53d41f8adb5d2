"""Keeps the limits of all workers of one gateway together: the same engine, in shared memory."""

import asyncio
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from headgate.filters.limiter import MemoryLimiter
from headgate.filters.purses import Purse, Purses, bounds
from headgate.filters.shared_rows import (
    BEFORE,
    END,
    KNOWN,
    OPENED,
    PERIOD,
    SINCE,
    START,
    Row,
    Seat,
)
from headgate.filters.tabs import RateKey, Tab
from headgate.model.limits import (
    DAY_S,
    MINUTE_S,
    Account,
    BudgetPeriod,
    Claim,
    Exceeded,
    Limits,
    Reservation,
    Subject,
    rates_of,
)
from headgate.ports import Spending

_RATES: Final[dict[RateKey, int]] = {
    ("requests", MINUTE_S): 0,
    ("requests", DAY_S): 1,
    ("tokens", MINUTE_S): 2,
    ("tokens", DAY_S): 3,
}
_PERIODS: Final[tuple[BudgetPeriod | None, ...]] = (None, "day", "month", "total")


class SharedLimiter(MemoryLimiter):
    """See `headgate.ports.Limiter`. What one worker does is done with the rows of its accounts
    locked, and what it reads and writes meanwhile are these rows; so all is as exact as it is
    with one worker. `clock` is the same for all processes of the machine."""

    def __init__(
        self,
        clock: Callable[[], float],
        wall: Callable[[], float],
        spending: Spending | None,
        seat: Seat,
    ) -> None:
        super().__init__(clock, wall, spending)
        self._seat = seat
        self._purses = _SharedPurses(wall, spending, seat)

    @override
    def hold(self, reservation: Reservation, cost_usd: float) -> Exceeded | None:
        rows = self._seat.rows([share.account.subject for share in reservation.shares])
        with self._seat.locked(rows):
            return super().hold(reservation, cost_usd)

    @override
    def settle(self, reservation: Reservation, tokens: int, cost_usd: float) -> None:
        rows = self._seat.rows([share.account.subject for share in reservation.shares])
        with self._seat.locked(rows):
            super().settle(reservation, tokens, cost_usd)

    @override
    def _decide(self, claim: Claim) -> Reservation | Exceeded:
        rows = self._seat.rows([account.subject for account in claim.accounts])
        with self._seat.locked(rows):
            return super()._decide(claim)

    @override
    def _new_tab(self, account: Account) -> Tab:
        row = self._seat.row(account.subject)
        return super()._new_tab(account) if row is None else SharedTab(account.limits, row)


class _SharedPurses(Purses):
    """Purses that all workers have in common; where a row is missing, those of this process."""

    def __init__(self, wall: Callable[[], float], spending: Spending | None, seat: Seat) -> None:
        super().__init__(wall, spending)
        self._seat = seat

    @override
    def _begin(self, subject: Subject, period: BudgetPeriod) -> Purse:
        """Another worker may have begun it in the meantime."""
        row = self._seat.row(subject)
        if row is None:
            return super()._begin(subject, period)
        purse = _SharedPurse(row, self._seat)
        with self._seat.locked((row,)):
            now = self._wall()
            if purse.period != period or not purse.start <= now < purse.end:
                purse.begin(period, now)
        return purse


class SharedTab:
    """See `Tab`."""

    __slots__ = ("_own", "_running", "limits", "paid", "rates")

    def __init__(self, limits: Limits, row: Row) -> None:
        self.limits = limits
        self.rates = rates_of(limits)
        self.paid = _SharedPaid(row.rates)
        self._running = row.running
        self._own = row.own

    @property
    def running(self) -> int:
        """Of all workers."""
        return int(sum(self._running))

    @running.setter
    def running(self, count: int) -> None:
        """What changes is this worker's."""
        self._running[self._own] += count - sum(self._running)


class _SharedPaid:
    """See `Paid`. Of what was never taken it says 0: paid off for long."""

    __slots__ = ("_rates",)

    def __init__(self, rates: "memoryview[float]") -> None:
        self._rates = rates

    def get(self, key: RateKey, default: float, /) -> float:
        """See `Paid.get`."""
        return self._rates[_RATES[key]]

    def __getitem__(self, key: RateKey, /) -> float:
        return self._rates[_RATES[key]]

    def __setitem__(self, key: RateKey, paid_at: float, /) -> None:
        self._rates[_RATES[key]] = paid_at


class _SharedPurse:
    """See `Purse`. What the books say stands apart from what is counted, so that it is put down
    and not added: two workers who ask them, or one that dies over it, do no harm."""

    __slots__ = ("_budget", "_row", "_seat", "loading")

    def __init__(self, row: Row, seat: Seat) -> None:
        self.loading: asyncio.Task[None] | None = None
        self._row = row
        self._seat = seat
        self._budget = row.budget

    @property
    def period(self) -> BudgetPeriod | None:
        """None: it never began."""
        return _PERIODS[int(self._budget[PERIOD])]

    @property
    def start(self) -> float:
        """Unix time in seconds, as all times here."""
        return self._budget[START]

    @property
    def end(self) -> float:
        """It is over from then on."""
        return self._budget[END]

    @property
    def opened(self) -> float:
        """Since when it is counted."""
        return self._budget[OPENED]

    @property
    def known(self) -> bool:
        """Whether what was spent before is."""
        return bool(self._budget[KNOWN])

    @property
    def spent(self) -> float:
        """By all workers, and before."""
        return self._budget[BEFORE] + self._budget[SINCE]

    @spent.setter
    def spent(self, usd: float) -> None:
        self._budget[SINCE] += usd - self.spent

    @property
    def held(self) -> float:
        """By all workers."""
        return sum(self._row.held)

    @held.setter
    def held(self, usd: float) -> None:
        """What changes is this worker's. What it held in a period that is over went with that."""
        held, own = self._row.held, self._row.own
        held[own] = max(0.0, held[own] + usd - sum(held))

    def begin(self, period: BudgetPeriod, now: float) -> None:
        """Nothing is spent of the period that it is `now`. Whoever dies over it leaves one that
        is over."""
        budget, held = self._budget, self._row.held
        budget[END] = 0.0
        for worker in range(len(held)):
            held[worker] = 0.0
        budget[KNOWN] = budget[BEFORE] = budget[SINCE] = 0.0
        budget[PERIOD] = _PERIODS.index(period)
        budget[START], end = bounds(period, now)
        budget[OPENED] = now
        budget[END] = end

    def learn(self, usd: float, start: float, opened: float) -> None:
        """See `Purse.learn`. What was asked of a period that has ended meanwhile is dropped."""
        with self._seat.locked((self._row,)):
            if (self.start, self.opened) == (start, opened):
                self._budget[BEFORE] = usd
                self._budget[KNOWN] = 1.0
