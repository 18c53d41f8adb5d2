"""Whatever happens to exchanges, in whatever order, nothing of a limit is lost or made up."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from typing_extensions import override

from headgate.filters.limiter import MemoryLimiter
from headgate.model.limits import Account, Claim, Exceeded, Limits, Reservation, Share
from tests.filters.clocks import Clocks

CONCURRENT = 3
BUDGET_USD = 1.0
TOKENS = 1000
LIMITS = Limits(
    requests_per_minute=100,
    tokens_per_minute=TOKENS,
    concurrent=CONCURRENT,
    budget_usd=BUDGET_USD,
    budget_period="total",
)
ALICE = Account(("user", "alice"), LIMITS)
ONE_KEY, OTHER_KEY = Account(("key", "k1"), LIMITS), Account(("key", "k2"), LIMITS)
ACCOUNTS = (ALICE, ONE_KEY, OTHER_KEY)

claimed = st.sampled_from([(ALICE,), (ALICE, ONE_KEY), (ALICE, OTHER_KEY), (OTHER_KEY,)])
tokens = st.integers(0, 2 * TOKENS)
dollars = st.floats(0, 0.6)


class Admissions(RuleBasedStateMachine):
    """Reserves, holds, settles, and lets time pass, beside a model of what must be."""

    running: Bundle[Reservation | None] = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.clocks = Clocks()
        self.limiter = MemoryLimiter(self.clocks.monotonic, self.clocks.wall)
        self.open: dict[Account, set[int]] = {account: set() for account in ACCOUNTS}
        self.held: dict[int, float] = {}
        self.spent = dict.fromkeys(ACCOUNTS, 0.0)
        self.beyond = dict.fromkeys(ACCOUNTS, 0.0)

    @rule(target=running, accounts=claimed, tokens=tokens)
    def reserve(self, accounts: tuple[Account, ...], tokens: int) -> Reservation | None:
        answer = asyncio.run(self.limiter.reserve(Claim(accounts=accounts, tokens=tokens)))
        if isinstance(answer, Exceeded):
            return None
        for account in accounts:
            assert len(self.open[account]) < CONCURRENT
            assert self.taken(account) < BUDGET_USD
            self.open[account].add(answer.id)
        self.held[answer.id] = 0.0
        return answer

    @rule(reservation=running, cost=dollars)
    def hold(self, reservation: Reservation | None, cost: float) -> None:
        if reservation is None or reservation.id not in self.held:
            return
        before = max(self.taken(account) for account in _accounts(reservation))
        if self.limiter.hold(reservation, cost) is None:
            assert before < BUDGET_USD
            self.held[reservation.id] += cost
        else:
            assert before >= BUDGET_USD - 1e-9

    @rule(reservation=consumes(running), tokens=tokens, cost=dollars)
    def settle(self, reservation: Reservation | None, tokens: int, cost: float) -> None:
        if reservation is None:
            return
        self.limiter.settle(reservation, tokens, cost)
        beyond = max(0.0, cost - self.held.pop(reservation.id))
        for account in _accounts(reservation):
            self.open[account].discard(reservation.id)
            self.beyond[account] += beyond
            self.spent[account] += cost

    @rule(reservation=consumes(running))
    def settle_twice(self, reservation: Reservation | None) -> None:
        self.settle(reservation, 0, 0.0)
        if reservation is not None:
            self.limiter.settle(reservation, TOKENS, 1.0)

    @rule(seconds=st.floats(0, 90))
    def pass_by(self, seconds: float) -> None:
        self.clocks.pass_by(seconds)

    def taken(self, account: Account) -> float:
        return self.spent[account] + sum(self.held[id_] for id_ in self.open[account])

    @invariant()
    def what_runs_is_what_was_reserved_and_not_settled(self) -> None:
        for account in ACCOUNTS:
            running = self.limiter.running(account.subject)
            assert running == len(self.open[account]) <= CONCURRENT

    @invariant()
    def the_books_agree_and_are_never_negative(self) -> None:
        for account in ACCOUNTS:
            held = sum(self.held[id_] for id_ in self.open[account])
            assert self.limiter.spent(account.subject) == pytest.approx(self.spent[account])
            assert self.limiter.held(account.subject) == pytest.approx(held, abs=1e-9)
            assert self.limiter.held(account.subject) >= 0.0

    @invariant()
    def a_budget_is_overdrawn_by_what_was_guessed_wrong_and_one_request_at_the_most(self) -> None:
        for account in ACCOUNTS:
            assert self.taken(account) <= BUDGET_USD + self.beyond[account] + 0.6 + 1e-9

    @override
    def teardown(self) -> None:
        for account in ACCOUNTS:
            for id_ in tuple(self.open[account]):
                shares = tuple(Share(one) for one in ACCOUNTS if id_ in self.open[one])
                self.limiter.settle(Reservation(id=id_, shares=shares), 0, 0.0)
                for one in ACCOUNTS:
                    self.open[one].discard(id_)
            assert self.limiter.running(account.subject) == 0


def _accounts(reservation: Reservation) -> tuple[Account, ...]:
    return tuple(share.account for share in reservation.shares)


Admissions.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAdmissions = Admissions.TestCase
