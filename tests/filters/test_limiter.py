import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from typing_extensions import override

from headgate.model.limits import Account, Claim, Exceeded, Limits, Owner, Reservation, Subject
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import Spending
from tests.filters.clocks import Clocks
from tests.filters.engines import ENGINES, Engine

ALICE: Subject = ("user", "alice")
HER_KEY: Subject = ("key", "key of alice")


class Limiting:
    """A limiter, its clocks, and one caller's limits."""

    engine: Engine

    def __init__(self, spending: Spending | None = None, **limits: float | str) -> None:
        self.clocks = Clocks()
        self.limits = Limits(**limits)  # type: ignore[arg-type]
        self.key_limits: Limits | None = None
        self.limiter = self.engine(self.clocks, spending)

    async def ask(self, tokens: int = 10, subject: str = "alice") -> Reservation | Exceeded:
        accounts: tuple[Account, ...] = (Account(("user", subject), self.limits),)
        if self.key_limits is not None:
            accounts += (Account(("key", f"key of {subject}"), self.key_limits),)
        claim = Claim(accounts=accounts, tokens=tokens)
        return await self.limiter.reserve(claim)

    async def reserve(self, tokens: int = 10, subject: str = "alice") -> Reservation:
        answer = await self.ask(tokens, subject)
        assert isinstance(answer, Reservation), answer
        return answer

    async def exceeded(self, tokens: int = 10) -> Exceeded:
        answer = await self.ask(tokens)
        assert isinstance(answer, Exceeded)
        return answer


@pytest.fixture(autouse=True, params=ENGINES)
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is one of every engine: alone, and one worker of several."""
    monkeypatch.setattr(Limiting, "engine", staticmethod(ENGINES[request.param]), raising=False)


class Books(Spending):
    """Books that say what was spent, as soon as they are open."""

    def __init__(self, usd: float) -> None:
        self.usd = usd
        self.asked: list[tuple[Subject, float, float]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.down = False

    @override
    async def spent(self, subject: Subject, since: float, until: float) -> float:
        self.asked.append((subject, since, until))
        await self.open.wait()
        if self.down:
            raise StoreUnreachable("gone")
        return self.usd


async def test_requests_are_counted_a_minute() -> None:
    limiting = Limiting(requests_per_minute=2)
    await limiting.reserve()
    second = await limiting.reserve()
    assert [(s.limit, s.remaining) for s in second.standings] == [(2, 0)]
    exceeded = await limiting.exceeded()
    assert exceeded.limit == "2 requests a minute"
    assert exceeded.wait_s == pytest.approx(30.0)
    assert [s.remaining for s in exceeded.standings] == [0]
    limiting.clocks.pass_by(30.0)
    await limiting.reserve()


async def test_callers_do_not_share_their_limits() -> None:
    limiting = Limiting(requests_per_minute=1, concurrent=1)
    await limiting.reserve()
    await limiting.reserve(subject="bob")


async def test_what_is_settled_is_what_counts() -> None:
    limiting = Limiting(tokens_per_day=1000)
    reservation = await limiting.reserve(tokens=900)
    await limiting.exceeded(tokens=200)
    limiting.limiter.settle(reservation, 100, 0.0)
    (standing,) = (await limiting.reserve(tokens=800)).standings
    assert standing.remaining == 100


async def test_more_than_was_reserved_is_owed() -> None:
    limiting = Limiting(tokens_per_minute=100)
    limiting.limiter.settle(await limiting.reserve(tokens=10), 250, 0.0)
    exceeded = await limiting.exceeded(tokens=10)
    assert exceeded.wait_s == pytest.approx(60.0 * (250 + 10 - 100) / 100)


async def test_a_refused_exchange_takes_nothing() -> None:
    limiting = Limiting(requests_per_minute=5, tokens_per_minute=100)
    reservation = await limiting.reserve(tokens=100)
    for _ in range(10):
        await limiting.exceeded(tokens=50)
    assert limiting.limiter.running(ALICE) == 1
    limiting.limiter.settle(reservation, 0, 0.0)
    assert [s.remaining for s in (await limiting.reserve(tokens=50)).standings] == [3, 50]


async def test_the_longest_wait_of_several_is_told() -> None:
    limiting = Limiting(requests_per_minute=1, requests_per_day=1)
    await limiting.reserve()
    exceeded = await limiting.exceeded()
    assert exceeded.limit == "1 requests a day"
    assert exceeded.wait_s == pytest.approx(86_400.0)


async def test_exchanges_at_the_same_time_are_counted_until_they_are_settled() -> None:
    limiting = Limiting(concurrent=2)
    first, _ = await limiting.reserve(), await limiting.reserve()
    exceeded = await limiting.exceeded()
    assert exceeded.limit == "2 requests at the same time"
    assert exceeded.wait_s == 1.0
    limiting.limiter.settle(first, 0, 0.0)
    await limiting.reserve()


async def test_settling_twice_gives_back_once() -> None:
    limiting = Limiting(concurrent=3, budget_usd=10.0)
    first, _ = await limiting.reserve(), await limiting.reserve()
    limiting.limiter.settle(first, 5, 1.0)
    limiting.limiter.settle(first, 5, 1.0)
    assert limiting.limiter.running(ALICE) == 1
    assert limiting.limiter.spent(ALICE) == 1.0
    assert limiting.limiter.hold(first, 5.0) is None
    assert limiting.limiter.held(ALICE) == 0.0


async def test_a_limit_that_is_changed_goes_on_with_what_is_owed() -> None:
    limiting = Limiting(requests_per_minute=10)
    for _ in range(5):
        await limiting.reserve()
    limiting.limits = Limits(requests_per_minute=100)
    assert [s.remaining for s in (await limiting.reserve()).standings] == [49]


async def test_a_budget_is_gone_when_it_is_spent() -> None:
    limiting = Limiting(budget_usd=1.0, budget_period="day")
    limiting.limiter.settle(await limiting.reserve(), 0, 0.9)
    limiting.limiter.settle(await limiting.reserve(), 0, 0.2)
    exceeded = await limiting.exceeded()
    assert exceeded.budget
    assert exceeded.limit == "1 USD a day"
    assert exceeded.wait_s == pytest.approx(12 * 3600.0)


async def test_what_is_held_for_running_exchanges_counts_as_spent() -> None:
    limiting = Limiting(budget_usd=1.0)
    first, second = await limiting.reserve(), await limiting.reserve()
    assert limiting.limiter.hold(first, 1.0) is None
    assert isinstance(limiting.limiter.hold(second, 0.1), Exceeded)
    assert (await limiting.exceeded()).budget
    limiting.limiter.settle(first, 0, 0.1)
    assert limiting.limiter.hold(second, 0.1) is None


async def test_a_new_period_begins_with_nothing_spent() -> None:
    limiting = Limiting(budget_usd=1.0, budget_period="day")
    running = await limiting.reserve()
    assert limiting.limiter.hold(running, 0.5) is None
    limiting.limiter.settle(await limiting.reserve(), 0, 1.0)
    await limiting.exceeded()
    limiting.clocks.pass_by(12 * 3600)
    await limiting.reserve()
    limiting.limiter.settle(running, 0, 0.7)  # belongs to the day on which it began
    assert limiting.limiter.spent(ALICE) == limiting.limiter.held(ALICE) == 0.0


async def test_a_budget_in_all_never_begins_anew() -> None:
    limiting = Limiting(budget_usd=1.0, budget_period="total")
    limiting.limiter.settle(await limiting.reserve(), 0, 1.0)
    limiting.clocks.pass_by(10 * 365 * 86_400)
    exceeded = await limiting.exceeded()
    assert (exceeded.limit, exceeded.wait_s) == ("1 USD in all", None)


async def test_a_budget_goes_on_where_the_books_left_it() -> None:
    books = Books(0.75)
    limiting = Limiting(books, budget_usd=1.0)
    first = await limiting.reserve()
    opened = limiting.clocks.wall()
    month = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    assert books.asked == [(ALICE, month, opened)]
    limiting.clocks.pass_by(5.0)
    limiting.limiter.settle(first, 0, 0.25)
    await limiting.exceeded()
    assert len(books.asked) == 1


async def test_the_books_are_asked_once_for_all_who_wait() -> None:
    books = Books(5.0)
    books.open.clear()
    limiting = Limiting(books, budget_usd=1.0)
    asking = [asyncio.ensure_future(limiting.ask()) for _ in range(3)]
    await asyncio.sleep(0)
    books.open.set()
    answers = await asyncio.gather(*asking)
    assert len(books.asked) == 1
    assert all(isinstance(answer, Exceeded) for answer in answers)


async def test_a_caller_who_leaves_meanwhile_takes_nothing() -> None:
    books = Books(0.0)
    books.open.clear()
    limiting = Limiting(books, budget_usd=1.0, concurrent=1)
    asking = asyncio.ensure_future(limiting.ask())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    books.open.set()
    assert limiting.limiter.running(ALICE) == 0
    await limiting.reserve()
    assert len(books.asked) == 1


async def test_books_that_cannot_be_read_are_asked_again() -> None:
    books = Books(5.0)
    books.down = True
    limiting = Limiting(books, budget_usd=1.0)
    limiting.limiter.settle(await limiting.reserve(), 0, 0.1)
    books.down = False
    assert (await limiting.exceeded()).budget
    assert limiting.limiter.spent(ALICE) == pytest.approx(5.1)


async def test_what_is_spent_while_the_books_are_read_counts_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headgate.filters.limiter.BOOKS_PATIENCE_S", 0.0)
    books = Books(5.0)
    books.open.clear()
    limiting = Limiting(books, budget_usd=9.0)
    limiting.limiter.settle(await limiting.reserve(), 0, 0.5)
    books.open.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert limiting.limiter.spent(ALICE) == pytest.approx(5.5)


async def test_slow_books_hold_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate.filters.limiter.BOOKS_PATIENCE_S", 0.0)
    books = Books(5.0)
    books.open.clear()
    limiting = Limiting(books, budget_usd=1.0)
    await limiting.reserve()
    books.open.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await limiting.exceeded()).budget


TIGHT = {
    "requests_per_minute": (2, "2 requests a minute"),
    "requests_per_day": (2, "2 requests a day"),
    "tokens_per_minute": (20, "20 tokens a minute"),
    "tokens_per_day": (20, "20 tokens a day"),
    "concurrent": (2, "2 requests at the same time"),
}


@pytest.mark.parametrize("owner", ["user", "key"])
@pytest.mark.parametrize("limit", TIGHT)
async def test_the_tighter_of_user_and_key_refuses_and_is_named(owner: Owner, limit: str) -> None:
    most, words = TIGHT[limit]
    wide, tight = (msgspec.convert({limit: most_}, Limits) for most_ in (1000, most))
    limiting = Limiting()
    limiting.limits, limiting.key_limits = (tight, wide) if owner == "user" else (wide, tight)
    await limiting.reserve()
    await limiting.reserve()
    exceeded = await limiting.exceeded()
    assert (exceeded.limit, exceeded.owner) == (words, owner)


async def test_what_the_key_uses_the_user_has_used_too() -> None:
    limiting = Limiting(tokens_per_day=1000, concurrent=9, budget_usd=9.0)
    limiting.key_limits = Limits(tokens_per_day=500, concurrent=9, budget_usd=9.0)
    reservation = await limiting.reserve(tokens=400)
    limiter = limiting.limiter
    assert limiter.hold(reservation, 0.5) is None
    for subject in (ALICE, HER_KEY):
        assert (limiter.running(subject), limiter.held(subject)) == (1, 0.5)
    limiter.settle(reservation, 100, 0.25)
    for subject in (ALICE, HER_KEY):
        assert (limiter.running(subject), limiter.held(subject)) == (0, 0.0)
        assert limiter.spent(subject) == 0.25
    standings = (await limiting.reserve(tokens=0)).standings
    assert [(one.limit, one.remaining) for one in standings] == [(1000, 900), (500, 400)]


async def test_what_the_user_may_not_the_key_does_not_pay_for() -> None:
    limiting = Limiting(requests_per_minute=1)
    limiting.key_limits = Limits(requests_per_minute=10, concurrent=5)
    await limiting.reserve()
    for _ in range(4):
        await limiting.exceeded()
    exceeded = await limiting.exceeded()
    assert [one.remaining for one in exceeded.standings] == [0, 9]
    assert limiting.limiter.running(HER_KEY) == 1


@pytest.mark.parametrize("owner", ["user", "key"])
async def test_the_budget_that_comes_back_last_is_named(owner: Owner) -> None:
    day, in_all = (
        Limits(budget_usd=0.5, budget_period="day"),
        Limits(budget_usd=0.5, budget_period="total"),
    )
    limiting = Limiting()
    limiting.limits, limiting.key_limits = (in_all, day) if owner == "user" else (day, in_all)
    limiting.limiter.settle(await limiting.reserve(), 0, 0.5)
    exceeded = await limiting.exceeded()
    assert (exceeded.owner, exceeded.wait_s, exceeded.budget) == (owner, None, True)


async def test_the_books_are_asked_for_user_and_key_at_once() -> None:
    books = Books(0.25)
    books.open.clear()
    limiting = Limiting(books, budget_usd=1.0)
    limiting.key_limits = Limits(budget_usd=0.2, budget_period="total")
    asking = asyncio.ensure_future(limiting.ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [subject for subject, _, _ in books.asked] == [ALICE, HER_KEY]
    books.open.set()
    exceeded = await asking
    assert isinstance(exceeded, Exceeded)
    assert (exceeded.owner, exceeded.limit) == ("key", "0.2 USD in all")
