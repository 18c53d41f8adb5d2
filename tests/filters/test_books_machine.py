"""Limits and the ledger together, whatever happens in whatever order, crashes included: what runs
comes back to nothing, and what was spent is what the rows say, each of them once."""

import asyncio
import os
import pathlib
import shutil
import tempfile
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from headgate.filters.limiter import MemoryLimiter
from headgate.model.limits import Account, Claim, Exceeded, Limits, Reservation, Subject
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import Spending
from headgate.storage.journal import Most
from headgate.storage.ledger import Ledger, Pace
from tests.filters.clocks import Clocks
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import closed, intent, settled

LIMITS = Limits(concurrent=3, tokens_per_day=10_000, budget_usd=2.0, budget_period="total")
ALICE, KEY = Account(("user", "alice"), LIMITS), Account(("key", "k1"), LIMITS)
PACE = Pace(segment_bytes=3_000, batch=Most(records=3))

accounts = st.sampled_from([(ALICE,), (ALICE, KEY)])
costs = st.integers(0, 8).map(lambda eighths: eighths / 8)


@dataclass
class Running:
    """An exchange of this life that is not closed."""

    id: str
    reservation: Reservation
    accounts: tuple[Account, ...]
    life: int
    at: float
    intended: int = 0
    costs: list[float] = field(default_factory=list)

    @property
    def key_id(self) -> str | None:
        return "k1" if KEY in self.accounts else None


class Written(Spending):
    """What the rows of the database say was spent."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    @override
    async def spent(self, subject: Subject, since: float, until: float) -> float:
        if self._database.down:
            raise StoreUnreachable("switched off")
        return self.sum(subject, since, until)

    def sum(self, subject: Subject, since: float = 0.0, until: float = 1e12) -> float:
        owner, id_ = subject
        column = "key_id" if owner == "key" else "user_id"
        theirs = {
            key
            for key, row in self._database.exchanges.items()
            if row[column] == id_ and since <= row["created_at"] < until
        }
        tries = self._database.attempts.items()
        return float(
            sum(row["cost_usd"] for (key, _), row in tries if key in theirs and row["cost_usd"])
        )


class Books(RuleBasedStateMachine):
    """One gateway after another on one folder and one database."""

    running: Bundle[Running | None] = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headgate-books-"))
        self.clocks = Clocks()
        self.database = FakeDatabase()
        self.written = Written(self.database)
        self.life = 0
        self.names = 0
        self.open: dict[str, Running] = {}
        self.ends: dict[str, str] = {}
        self.tries: dict[tuple[str, int], float | None] = {}
        self.begin()

    def begin(self) -> None:
        self.ledger = Ledger(self.database, self.folder, PACE)
        self.limiter = MemoryLimiter(self.clocks.monotonic, self.clocks.wall, self.written)

    @rule(target=running, accounts=accounts, tokens=st.integers(0, 5_000))
    def admit(self, accounts: tuple[Account, ...], tokens: int) -> Running | None:
        self.clocks.pass_by(1.0)
        self.names += 1
        name, at = f"x{self.names}", self.clocks.wall()
        claim = Claim(accounts=accounts, tokens=tokens)
        answer = self.loop.run_until_complete(self.limiter.reserve(claim))
        if isinstance(answer, Exceeded):
            self.ends[name] = "refused"
            self.ledger.close(closed(name, created_at=at, outcome="refused", attempts=0))
            return None
        one = self.open[name] = Running(name, answer, accounts, self.life, at)
        return one

    @rule(one=running, cost=costs)
    def ask(self, one: Running | None, cost: float) -> None:
        if one is None or one.life != self.life or one.id not in self.open:
            return
        if self.limiter.hold(one.reservation, cost) is not None:
            return
        one.intended += 1
        self.ledger.intend(
            intent(one.id, one.intended, at=one.at, key_id=one.key_id, user_id="alice")
        )
        self.tries[one.id, one.intended] = None

    @rule(one=running, cost=costs)
    def settle(self, one: Running | None, cost: float) -> None:
        if one is None or one.life != self.life or len(one.costs) >= one.intended:
            return
        one.costs.append(cost)
        self.ledger.settle(settled(one.id, len(one.costs), cost_usd=cost))
        self.tries[one.id, len(one.costs)] = cost

    @rule(one=consumes(running), cost=costs)
    def close(self, one: Running | None, cost: float) -> None:
        if one is None or one.life != self.life:
            return
        while len(one.costs) < one.intended:
            self.settle(one, cost)
        row = closed(one.id, created_at=one.at, key_id=one.key_id, attempts=one.intended)
        self.ledger.close(row)
        self.ledger.close(row)  # a row may be said again
        self.limiter.settle(one.reservation, 10, sum(one.costs))
        self.ends[one.id] = "complete"
        del self.open[one.id]

    @rule()
    def turn_the_database_off_or_on(self) -> None:
        self.database.down = not self.database.down

    @rule()
    def flush(self) -> None:
        self.loop.run_until_complete(self.ledger.catch_up(5.0))

    @precondition(lambda self: not self.database.down)
    @rule()
    def crash_and_recover(self) -> None:
        os.close(self.ledger._lock._file)
        os.close(self.ledger._journal._file)
        for one in self.open.values():
            if one.intended:
                self.ends[one.id] = "killed"
        self.open.clear()
        self.life += 1
        self.clocks.pass_by(1.0)
        self.begin()
        self.loop.run_until_complete(self.ledger.recover())
        self.check_rows()

    @invariant()
    def what_runs_is_what_was_admitted_and_not_closed(self) -> None:
        for account in (ALICE, KEY):
            running = sum(account in one.accounts for one in self.open.values())
            assert self.limiter.running(account.subject) == running <= 3

    @invariant()
    def nothing_is_negative(self) -> None:
        for account in (ALICE, KEY):
            assert self.limiter.spent(account.subject) >= 0.0
            assert self.limiter.held(account.subject) >= 0.0

    @override
    def teardown(self) -> None:
        self.database.down = False
        for one in list(self.open.values()):
            self.close(one, 0.25)
        self.loop.run_until_complete(self.limiter.reserve(Claim(accounts=(ALICE, KEY), tokens=0)))
        self.loop.run_until_complete(self.ledger.aclose())
        self.check_rows()
        for account in (ALICE, KEY):
            written = self.written.sum(account.subject)
            assert self.limiter.spent(account.subject) == pytest.approx(written)
            assert self.limiter.held(account.subject) == pytest.approx(0.0)
        assert list(self.folder.iterdir()) == []
        self.loop.close()
        shutil.rmtree(self.folder)

    def check_rows(self) -> None:
        """Every exchange that was asked for or ended is there, as it ended, and nothing else."""
        outcomes = {key: row["outcome"] for key, row in self.database.exchanges.items()}
        assert outcomes == self.ends
        costs = {key: row["cost_usd"] for key, row in self.database.attempts.items()}
        assert costs == self.tries


Books.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestBooks = Books.TestCase
