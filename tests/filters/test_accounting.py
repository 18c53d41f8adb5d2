"""Intents before, truths after."""

import asyncio

import msgspec
import pytest
from typing_extensions import override

from headgate.backends.backend import Backend
from headgate.filters.accounting import Accounting
from headgate.filters.attempt_rows import is_settled_at_close
from headgate.filters.request_log import RequestLog
from headgate.model.books import AttemptRow, ExchangeRow, Intent
from headgate.model.caller import User
from headgate.model.fault import Fault
from headgate.model.price import Cost
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.routing.target import Target
from tests.pipeline.fakes import FakeAnswer, Scene, refusal, reply
from tests.pipeline.samples import CHAT


class FakeBooks:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Intent | AttemptRow | ExchangeRow] = []

    def intend(self, intent: Intent) -> None:
        self.records.append(intent)

    def settle(self, row: AttemptRow) -> None:
        self.records.append(row)

    def close(self, row: ExchangeRow, last: AttemptRow | None = None) -> None:
        self.records += [row] if last is None else [last, row]


@pytest.fixture
def books() -> FakeBooks:
    return FakeBooks()


def exchange() -> Exchange:
    made: Exchange = Scene(stream=True).turn().exchange
    made.user = User(id="7", name="alice")
    return made


def attempt() -> Attempt:
    return Attempt(2, Target("one", "up-model"), at=1000.5, asked_at=10.0)


async def test_an_intent_says_what_is_about_to_leave(books: FakeBooks) -> None:
    made = exchange()
    Accounting(books).prepare(made, attempt())
    assert books.records == [
        Intent(
            exchange_id="req_1",
            attempt=2,
            at=1000.5,
            user_id="7",
            user_name="alice",
            backend_id="one",
            backend_name="one",
            endpoint="/v1/test",
            dialect="chat",
            request_model="fast",
            routed_model="up-model",
            stream=True,
            input_estimate=len(made.body) // 4,
        )
    ]


async def test_an_attempt_says_by_which_prices_it_was_counted(books: FakeBooks) -> None:
    done = attempt()
    done.cost = Cost(0.25, "list 7")
    Accounting(books).settle(exchange(), done)
    [row] = books.records
    assert isinstance(row, AttemptRow)
    assert (row.cost_usd, row.price_version) == (0.25, "list 7")


async def test_a_backend_with_an_id_is_booked_under_it_with_its_name(books: FakeBooks) -> None:
    made = exchange()
    backend = Backend(id="b-1", name="one", base_url="http://one.test", vendor="other")
    made.snapshot = msgspec.structs.replace(made.snapshot, backends={"one": backend})
    Accounting(books).prepare(made, attempt())
    Accounting(books).settle(made, attempt())
    for record in books.records:
        assert isinstance(record, Intent | AttemptRow)
        assert (record.backend_id, record.backend_name) == ("b-1", "one")


async def test_a_failed_attempt_says_why_and_used_nothing(books: FakeBooks) -> None:
    failed = attempt()
    failed.fault, failed.status = Fault(kind="overloaded", message="busy"), 503
    Accounting(books).settle(exchange(), failed)
    [row] = books.records
    assert isinstance(row, AttemptRow)
    assert (row.outcome, row.error_message, row.status_code) == ("upstream_error", "busy", 503)
    assert (row.prompt_tokens, row.usage_source, row.time_to_first_event_ms) == (None, None, None)


async def test_nobody_has_no_id(books: FakeBooks) -> None:
    Accounting(books).prepare(Scene().turn().exchange, attempt())
    [intent] = books.records
    assert isinstance(intent, Intent)
    assert intent.user_id is None


async def test_every_intent_of_an_exchange_is_settled(books: FakeBooks) -> None:
    scene = Scene(refusal(500), reply(), filters=[Accounting(books), RequestLog(books)])
    await scene.run()
    kinds = [type(record).__name__ for record in books.records]
    assert kinds == ["Intent", "AttemptRow", "Intent", "AttemptRow", "ExchangeRow"]
    last = books.records[-2]
    assert isinstance(last, AttemptRow)
    assert (last.outcome, last.prompt_tokens, last.usage_source) == ("complete", 5, "provider")


class Turns(Filter):
    """Sees whether the event loop had its turn between the end of an attempt and the close."""

    def __init__(self) -> None:
        self.passed = 0
        self.settled_at_close = True
        self.waited = True

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        self.passed, self.settled_at_close = 0, is_settled_at_close(attempt)
        asyncio.get_running_loop().call_soon(self._pass)

    @override
    def close(self, exchange: Exchange) -> None:
        self.waited = self.passed > 0

    def _pass(self) -> None:
        self.passed += 1


@pytest.mark.parametrize("stream", [False, True])
async def test_what_waits_for_the_close_does_not_wait_for_the_event_loop(
    books: FakeBooks, stream: bool
) -> None:
    answer = FakeAnswer(*CHAT) if stream else reply()
    turns = Turns()
    scene = Scene(answer, stream=stream, filters=[turns, Accounting(books), RequestLog(books)])
    await scene.run()
    assert turns.settled_at_close
    assert not turns.waited
    assert [type(record) for record in books.records] == [Intent, AttemptRow, ExchangeRow]


class Faulty(Filter):
    """Has a bug in one phase."""

    def __init__(self, phase: str) -> None:
        self._phase = phase

    @override
    def admit(self, exchange: Exchange) -> None:
        self._fail_in("admit")

    @override
    def choose(self, exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        self._fail_in("choose")
        return targets

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        self._fail_in("prepare")

    @override
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        self._fail_in("settle")

    @override
    def close(self, exchange: Exchange) -> None:
        self._fail_in("close")

    def _fail_in(self, phase: str) -> None:
        if phase == self._phase:
            raise ZeroDivisionError(phase)


def booked(books: FakeBooks) -> list[str]:
    """What was written, each as its kind and how it ended."""
    return [
        "intent" if isinstance(record, Intent) else f"{type(record).__name__} {record.outcome}"
        for record in books.records
    ]


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("phase", ["settle", "close"])
@pytest.mark.parametrize("answer", ["stream", "whole", "refused"])
async def test_a_bug_in_a_filter_at_the_end_leaves_the_books_whole(
    books: FakeBooks, answer: str, phase: str, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answers = {"stream": FakeAnswer(*CHAT), "whole": reply(), "refused": refusal(400)}
    filters = [Accounting(books), RequestLog(books)]
    filters.insert(0 if first else 2, Faulty(phase))
    scene = Scene(answers[answer], stream=answer == "stream", filters=filters)
    caller = await scene.run()
    ending = "upstream_error" if answer == "refused" else "complete"
    assert booked(books) == ["intent", f"AttemptRow {ending}", f"ExchangeRow {ending}"]
    assert caller.ending == "finished"
    assert f"ZeroDivisionError: {phase}" in caplog.text


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("phase", ["admit", "choose", "prepare"])
async def test_a_bug_in_a_filter_before_the_answer_leaves_the_books_whole(
    books: FakeBooks, phase: str, first: bool
) -> None:
    filters = [Accounting(books), RequestLog(books)]
    filters.insert(0 if first else 2, Faulty(phase))
    scene = Scene(filters=filters)
    with pytest.raises(ZeroDivisionError, match=phase):
        await scene.run()
    asked = phase == "prepare"
    intents = ["intent"] if asked and not first else []
    ends = ["AttemptRow upstream_error", "ExchangeRow upstream_error"]
    assert booked(books) == [*intents, *(ends if asked else ["ExchangeRow refused"])]


async def test_what_failed_is_settled_at_once(books: FakeBooks) -> None:
    scene = Scene(refusal(400), filters=[Accounting(books)])
    await scene.run()
    assert [type(record) for record in books.records] == [Intent, AttemptRow]


async def test_what_an_attempt_cost_is_settled_with_it(books: FakeBooks) -> None:
    priced, free = attempt(), attempt()
    priced.cost = Cost(0.25, "own")
    for one in (priced, free):
        Accounting(books).settle(exchange(), one)
    costs = [row.cost_usd for row in books.records if isinstance(row, AttemptRow)]
    assert costs == [0.25, None]


async def test_a_secret_in_an_error_is_not_booked(books: FakeBooks) -> None:
    failed = attempt()
    failed.fault = Fault(kind="upstream_auth", message="Bad key sk-abcdefghijklmnop0123.")
    Accounting(books).settle(exchange(), failed)
    (row,) = books.records
    assert isinstance(row, AttemptRow)
    assert row.error_message == "Bad key [redacted]."
