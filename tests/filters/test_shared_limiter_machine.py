"""Whatever happens, several workers decide as one alone would that has heard of everything."""

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from typing_extensions import override

from headgate.filters.shared_rows import BEFORE, SINCE, Seat, SharedRows
from headgate.model.limits import Account, Claim, Exceeded, Limits, Reservation, Subject
from headgate.ports import Spending
from tests.filters.clocks import Clocks
from tests.filters.engines import alone, worker_of

WORKERS = 3
USER: Subject = ("user", "alice")
KEYS: tuple[Subject, ...] = (("key", "first"), ("key", "second"))
WIDE, NARROW = 8, 2
BOOKED_USD = 0.25

# Dollars are eighths, which add up exactly in whatever order.
dollars = st.integers(0, 8).map(lambda eighths: eighths / 8)
workers = st.integers(0, WORKERS - 1)
limits = st.builds(
    Limits,
    requests_per_minute=st.sampled_from([None, NARROW, WIDE]),
    requests_per_day=st.sampled_from([None, WIDE]),
    tokens_per_minute=st.sampled_from([None, 1000, 3000]),
    tokens_per_day=st.sampled_from([None, 5000]),
    concurrent=st.sampled_from([None, 1, NARROW, WIDE]),
    budget_usd=st.sampled_from([None, 1.0, 2.0]),
    budget_period=st.just("day"),
)


class Booked(Spending):
    """Books that know of the same spending in each period."""

    @override
    async def spent(self, subject: Subject, since: float, until: float) -> float:
        return BOOKED_USD


class Running(NamedTuple):
    """An exchange of a worker, and the same exchange where all are one worker's."""

    worker: int
    theirs: Reservation
    its: Reservation
    tokens: int
    held: list[float]


class Together(RuleBasedStateMachine):
    """The same questions to several workers and to one alone."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.clocks = Clocks()
        self.shared = SharedRows(WORKERS + 1)
        self.workers = [self._worker(number) for number in range(WORKERS)]
        self.alone = alone(self.clocks, Booked())
        self.limits = {subject: Limits(concurrent=NARROW) for subject in (USER, *KEYS)}
        self.living: dict[int, Running] = {}
        self.onlooker = Seat(self.shared, WORKERS)

    @rule(subject=st.sampled_from([USER, *KEYS]), limits=limits)
    def change(self, subject: Subject, limits: Limits) -> None:
        self.limits[subject] = limits

    @rule(
        target=running,
        worker=workers,
        subjects=st.sampled_from([(USER,), (USER, KEYS[0]), (KEYS[0],), (USER, KEYS[1])]),
        tokens=st.integers(0, 1000),
    )
    def reserve(self, worker: int, subjects: tuple[Subject, ...], tokens: int) -> Running | None:
        accounts = tuple(Account(subject, self.limits[subject]) for subject in subjects)
        claim = Claim(accounts=accounts, tokens=tokens)
        theirs, its = _both(self.workers[worker].reserve(claim), self.alone.reserve(claim))
        assert type(theirs) is type(its)
        # Settling with what was reserved is not nothing to the last digit.
        assert _values(theirs) == [_close(value) for value in _values(its)]
        if isinstance(theirs, Exceeded) or isinstance(its, Exceeded):
            return None
        started = Running(worker, theirs, its, tokens, [])
        self.living[its.id] = started
        return started

    @rule(exchange=running, cost=dollars)
    def hold(self, exchange: Running | None, cost: float) -> None:
        if exchange is not None and exchange.its.id in self.living:
            theirs = self.workers[exchange.worker].hold(exchange.theirs, cost)
            assert theirs == self.alone.hold(exchange.its, cost)
            if theirs is None:
                exchange.held.append(cost)

    @rule(exchange=consumes(running), tokens=st.integers(0, 3000), cost=dollars)
    def settle(self, exchange: Running | None, tokens: int, cost: float) -> None:
        if exchange is not None and self.living.pop(exchange.its.id, None) is not None:
            self.workers[exchange.worker].settle(exchange.theirs, tokens, cost)
            self.alone.settle(exchange.its, tokens, cost)

    @rule(worker=workers)
    def kill(self, worker: int) -> None:
        """What it ran is over, and has used what it had reserved."""
        self.workers[worker] = self._worker(worker)
        for exchange in [one for one in self.living.values() if one.worker == worker]:
            del self.living[exchange.its.id]
            self.alone.settle(exchange.its, exchange.tokens, sum(exchange.held))

    @rule(seconds=st.one_of(st.floats(0, 90), st.floats(0, 90_000)))
    def pass_by(self, seconds: float) -> None:
        self.clocks.pass_by(seconds)

    @invariant()
    def the_figures_are_the_same(self) -> None:
        for subject in (USER, *KEYS):
            row = self.onlooker.row(subject)
            assert row is not None
            assert sum(row.running) == self.alone.running(subject)
            assert sum(row.held) == self.alone.held(subject)
            assert row.budget[BEFORE] + row.budget[SINCE] == self.alone.spent(subject)
            assert min(*row.running, *row.held) >= 0

    @override
    def teardown(self) -> None:
        for exchange in self.living.values():
            self.workers[exchange.worker].settle(exchange.theirs, 0, 0.0)
        for subject in (USER, *KEYS):
            row = self.onlooker.row(subject)
            assert row is not None
            assert not any([*row.running, *row.held])

    def _worker(self, number: int) -> Any:
        return worker_of(self.shared, number, self.clocks, Booked())


def _both(theirs: Any, its: Any) -> tuple[Reservation | Exceeded, Reservation | Exceeded]:
    async def ask() -> tuple[Any, Any]:
        return await theirs, await its

    return asyncio.run(ask())


def _values(answer: object) -> list[Any]:
    """All that is said in an answer, one after another, without its id."""
    fields = msgspec.to_builtins(answer)
    fields.pop("id", None)
    return list(_leaves(fields))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _close(value: Any) -> Any:
    return pytest.approx(value, abs=1e-6) if isinstance(value, float) else value


Together.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestTogether = Together.TestCase
