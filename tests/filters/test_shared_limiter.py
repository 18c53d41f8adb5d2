import asyncio

import pytest
from typing_extensions import override

from headgate.filters.shared_limiter import SharedLimiter
from headgate.filters.shared_rows import SharedRows
from headgate.model.limits import Account, Claim, Exceeded, Limits, Reservation, Subject
from headgate.ports import Spending
from tests.filters.clocks import Clocks
from tests.filters.engines import worker_of
from tests.filters.test_limiter import Books

ALICE: Subject = ("user", "alice")


class Workers:
    """Workers that share one account's limits."""

    def __init__(self, spending: Spending | None = None, **limits: float | str) -> None:
        self.clocks = Clocks()
        self.limits = Limits(**limits)  # type: ignore[arg-type]
        self.shared = SharedRows(3)
        self.spending = spending
        self.limiters = [self.start(worker) for worker in range(3)]

    def start(self, worker: int) -> SharedLimiter:
        return worker_of(self.shared, worker, self.clocks, self.spending)

    async def ask(self, worker: int, tokens: int = 10) -> Reservation | Exceeded:
        claim = Claim(accounts=(Account(ALICE, self.limits),), tokens=tokens)
        return await self.limiters[worker].reserve(claim)

    async def reserve(self, worker: int, tokens: int = 10) -> Reservation:
        answer = await self.ask(worker, tokens)
        assert isinstance(answer, Reservation), answer
        return answer

    async def exceeded(self, worker: int) -> Exceeded:
        answer = await self.ask(worker)
        assert isinstance(answer, Exceeded)
        return answer


class OnceEach(Books):
    """Books that are asked for each period once."""

    @override
    async def spent(self, subject: Subject, since: float, until: float) -> float:
        assert (subject, since, until) not in self.asked
        return await super().spent(subject, since, until)


async def test_all_workers_count_the_same_requests() -> None:
    workers = Workers(requests_per_minute=6)
    left = [(await workers.reserve(n % 3)).standings[0].remaining for n in range(6)]
    assert left == [5, 4, 3, 2, 1, 0]
    for worker in range(3):
        assert (await workers.exceeded(worker)).wait_s == pytest.approx(10.0)
    workers.clocks.pass_by(10.0)
    await workers.reserve(2)
    await workers.exceeded(0)


async def test_a_worker_that_has_slept_for_long_owes_nothing_of_what_is_paid_off() -> None:
    workers = Workers(requests_per_minute=2)
    await workers.reserve(0)
    for _ in range(50):
        await workers.reserve(1)
        workers.clocks.pass_by(30.0)
    workers.clocks.pass_by(30.0)
    assert (await workers.reserve(0)).standings[0].remaining == 1


async def test_tokens_that_one_worker_gives_back_are_there_for_all() -> None:
    workers = Workers(tokens_per_day=100)
    reservation = await workers.reserve(0, tokens=100)
    await workers.exceeded(1)
    workers.limiters[0].settle(reservation, 40, 0.0)
    assert (await workers.reserve(1, tokens=10)).standings[0].remaining == 50


async def test_places_of_a_worker_that_died_are_free_again_and_others_stay_taken() -> None:
    workers = Workers(concurrent=3)
    await workers.reserve(0)
    await workers.reserve(0)
    living = await workers.reserve(1)
    await workers.exceeded(2)
    workers.limiters[0] = workers.start(0)
    for worker in (0, 2):
        await workers.reserve(worker)
    await workers.exceeded(1)
    workers.limiters[1].settle(living, 0, 0.0)
    await workers.reserve(0)


async def test_a_budget_is_one_and_the_books_are_added_once() -> None:
    workers = Workers(OnceEach(0.5), budget_usd=1.0, budget_period="day")
    first = await workers.reserve(0)
    assert workers.limiters[0].hold(first, 0.25) is None
    second = await workers.reserve(1)
    assert workers.limiters[1].hold(second, 0.25) is None
    assert (await workers.exceeded(2)).budget
    assert isinstance(workers.limiters[0].hold(first, 0.25), Exceeded)
    workers.limiters[0].settle(first, 0, 0.0)
    workers.limiters[1].settle(second, 0, 0.125)
    await workers.reserve(2)
    for limiter in workers.limiters:
        assert limiter.spent(ALICE) == 0.625
    assert len(workers.spending.asked) == 1  # type: ignore[union-attr]


async def test_workers_who_ask_the_books_at_the_same_time_add_them_once() -> None:
    books = Books(0.75)
    books.open.clear()
    workers = Workers(books, budget_usd=1.0)
    asking = [asyncio.ensure_future(workers.ask(worker)) for worker in range(3)]
    await _turns()
    assert len(books.asked) == 3
    books.open.set()
    assert all(isinstance(answer, Reservation) for answer in await asyncio.gather(*asking))
    assert [limiter.spent(ALICE) for limiter in workers.limiters] == [0.75] * 3


async def test_what_the_books_say_of_a_period_that_is_over_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headgate.filters.limiter.BOOKS_PATIENCE_S", 0.0)
    yesterday, today = Books(5.0), Books(0.5)
    yesterday.open.clear()
    workers = Workers(budget_usd=1.0, budget_period="day")
    for worker, books in enumerate((yesterday, today)):
        workers.spending = books
        workers.limiters[worker] = workers.start(worker)
    await workers.reserve(0)
    workers.clocks.pass_by(86_400.0)
    await workers.reserve(1)
    yesterday.open.set()
    await _turns()
    assert workers.limiters[0].spent(ALICE) == 0.5


async def _turns() -> None:
    """Lets what waits for the books go on."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_a_worker_that_died_had_held_is_spent() -> None:
    workers = Workers(budget_usd=1.0)
    assert workers.limiters[0].hold(await workers.reserve(0), 0.5) is None
    workers.limiters[0] = workers.start(0)
    await workers.reserve(0)
    assert workers.limiters[0].spent(ALICE) == 0.5
    assert workers.limiters[0].held(ALICE) == 0.0


async def test_a_new_period_is_new_for_all_workers() -> None:
    workers = Workers(budget_usd=1.0, budget_period="day")
    late = await workers.reserve(1)
    assert workers.limiters[1].hold(late, 0.5) is None
    workers.limiters[0].settle(await workers.reserve(0), 0, 1.0)
    await workers.exceeded(2)
    workers.clocks.pass_by(12 * 3600)
    workers.limiters[2].settle(await workers.reserve(2), 0, 0.25)
    workers.limiters[1].settle(late, 0, 0.75)  # belongs to the day on which it began
    assert [limiter.spent(ALICE) for limiter in workers.limiters[:2]] == [0.25] * 2
    assert workers.limiters[0].held(ALICE) == 0.0


async def test_a_limit_or_a_period_that_is_changed_goes_for_all_workers() -> None:
    workers = Workers(OnceEach(0.5), requests_per_minute=10, budget_usd=1.0, budget_period="day")
    for n in range(5):
        workers.limiters[n % 3].settle(await workers.reserve(n % 3), 0, 0.0625)
    workers.limits = Limits(requests_per_minute=100, budget_usd=1.0, budget_period="month")
    workers.clocks.pass_by(0.5)
    assert (await workers.reserve(1)).standings[0].remaining == 49
    # The books of the month know of all that was spent of the day before.
    await workers.reserve(2)
    assert workers.limiters[2].spent(ALICE) == 0.5
