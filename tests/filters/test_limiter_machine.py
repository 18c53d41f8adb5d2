"""Whatever happens to exchanges, in whatever order, nothing of a limit is lost or made up."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from typing_extensions import override

from headgate.filters.limiter import MemoryLimiter
from headgate.model.limits import Claim, Exceeded, Limits, Reservation
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
SUBJECTS = ("alice", "bob")

subjects = st.sampled_from(SUBJECTS)
tokens = st.integers(0, 2 * TOKENS)
dollars = st.floats(0, 0.6)


class Admissions(RuleBasedStateMachine):
    """Reserves, holds, settles, and lets time pass, beside a model of what must be."""

    running: Bundle[Reservation | None] = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.clocks = Clocks()
        self.limiter = MemoryLimiter(self.clocks.monotonic, self.clocks.wall)
        self.open: dict[str, set[int]] = {subject: set() for subject in SUBJECTS}
        self.held: dict[int, float] = {}
        self.spent = dict.fromkeys(SUBJECTS, 0.0)
        self.beyond = dict.fromkeys(SUBJECTS, 0.0)

    @rule(target=running, subject=subjects, tokens=tokens)
    def reserve(self, subject: str, tokens: int) -> Reservation | None:
        claim = Claim(subject=subject, limits=LIMITS, tokens=tokens)
        answer = asyncio.run(self.limiter.reserve(claim))
        if isinstance(answer, Exceeded):
            return None
        assert len(self.open[subject]) < CONCURRENT
        assert self.taken(subject) < BUDGET_USD
        self.open[subject].add(answer.id)
        self.held[answer.id] = 0.0
        return answer

    @rule(reservation=running, cost=dollars)
    def hold(self, reservation: Reservation | None, cost: float) -> None:
        if reservation is None or reservation.id not in self.held:
            return
        before = self.taken(reservation.claim.subject)
        if self.limiter.hold(reservation, cost) is None:
            assert before < BUDGET_USD
            self.held[reservation.id] += cost
        else:
            assert before >= BUDGET_USD - 1e-9

    @rule(reservation=consumes(running), tokens=tokens, cost=dollars)
    def settle(self, reservation: Reservation | None, tokens: int, cost: float) -> None:
        if reservation is None:
            return
        subject = reservation.claim.subject
        self.limiter.settle(reservation, tokens, cost)
        self.open[subject].discard(reservation.id)
        self.beyond[subject] += max(0.0, cost - self.held.pop(reservation.id))
        self.spent[subject] += cost

    @rule(reservation=consumes(running))
    def settle_twice(self, reservation: Reservation | None) -> None:
        self.settle(reservation, 0, 0.0)
        if reservation is not None:
            self.limiter.settle(reservation, TOKENS, 1.0)

    @rule(seconds=st.floats(0, 90))
    def pass_by(self, seconds: float) -> None:
        self.clocks.pass_by(seconds)

    def taken(self, subject: str) -> float:
        return self.spent[subject] + sum(self.held[id_] for id_ in self.open[subject])

    @invariant()
    def what_runs_is_what_was_reserved_and_not_settled(self) -> None:
        for subject in SUBJECTS:
            assert self.limiter.running(subject) == len(self.open[subject]) <= CONCURRENT

    @invariant()
    def the_books_agree_and_are_never_negative(self) -> None:
        for subject in SUBJECTS:
            held = sum(self.held[id_] for id_ in self.open[subject])
            assert self.limiter.spent(subject) == pytest.approx(self.spent[subject])
            assert self.limiter.held(subject) == pytest.approx(held, abs=1e-9)
            assert self.limiter.held(subject) >= 0.0

    @invariant()
    def a_budget_is_overdrawn_by_what_was_guessed_wrong_and_one_request_at_the_most(self) -> None:
        for subject in SUBJECTS:
            assert self.taken(subject) <= BUDGET_USD + self.beyond[subject] + 0.6 + 1e-9

    @override
    def teardown(self) -> None:
        for subject in SUBJECTS:
            for id_ in tuple(self.open[subject]):
                claim = Claim(subject=subject, limits=LIMITS, tokens=0)
                self.limiter.settle(Reservation(id=id_, claim=claim), 0, 0.0)
            assert self.limiter.running(subject) == 0


Admissions.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAdmissions = Admissions.TestCase
