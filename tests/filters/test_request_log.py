"""The row of an exchange."""

import pytest

from headgate.dialects.facts import Facts
from headgate.filters.request_log import RequestLog, row_of
from headgate.model.books import ExchangeRow
from headgate.model.caller import User
from headgate.model.fault import Fault
from headgate.model.price import Cost
from headgate.model.usage import Usage
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.recording import Recording
from headgate.routing.target import Target
from tests.filters.test_accounting import FakeBooks
from tests.pipeline.fakes import Scene, backend, reply
from tests.pipeline.samples import asking


def finished() -> Exchange:
    made: Exchange = Scene(stream=True, headers={"x-session-id": "s"}).turn().exchange
    made.user = User(id="7", name="alice")
    first = Attempt(1, Target("one", "up-model"), 1000.0, 10.001)
    last = Attempt(2, Target("two", "other-model"), 1000.0, 10.1, 10.3, 11.0, "complete", 200)
    last.facts = Facts(3, True, usage=Usage(5, 2, cached_tokens=3), model="other-2026")
    made.attempts = [first, last]
    made.losses = ["seed", "seed"]
    made.status, made.outcome = 200, "complete"
    made.began, made.told_at, made.ended = 10.0, 10.3005, 11.5
    return made


async def test_a_row_says_what_was_asked_and_what_came() -> None:
    assert row_of(finished()) == ExchangeRow(
        id="req_1",
        created_at=1000.0,
        user_id="7",
        user_name="alice",
        backend_id="two",
        backend_name="two",
        endpoint="/v1/test",
        dialect="chat",
        request_model="fast",
        routed_model="other-model",
        response_model="other-2026",
        prompt_tokens=5,
        completion_tokens=2,
        cached_tokens=3,
        total_tokens=7,
        usage_source="provider",
        status_code=200,
        outcome="complete",
        attempts=2,
        time_to_first_event_ms=300.0,
        response_time_ms=1500.0,
        overhead_us=1500,
        stream=True,
        session="s",
        losses=("seed",),
    )


async def test_without_an_attempt_there_is_no_backend_and_no_usage() -> None:
    made = finished()
    made.attempts = []
    made.outcome, made.status = "refused", 404
    made.fault = Fault(kind="model_not_found", message="no such model")
    row = row_of(made)
    assert (row.backend_id, row.routed_model, row.response_model) == (None, None, None)
    assert (row.prompt_tokens, row.total_tokens, row.usage_source) == (None, None, None)
    assert (row.overhead_us, row.time_to_first_event_ms, row.attempts) == (None, None, 0)
    assert (row.outcome, row.status_code, row.error_message) == ("refused", 404, "no such model")


@pytest.mark.parametrize("missing", ["first_event_at", "told_at"])
async def test_without_a_first_event_the_overhead_is_what_came_before(missing: str) -> None:
    made = finished()
    if missing == "told_at":
        made.told_at = None
    else:
        made.attempts[-1].first_event_at = None
    assert row_of(made).overhead_us == 1000


async def test_a_stream_that_a_heartbeat_opened_adds_no_overhead() -> None:
    made = finished()
    made.told_at = 10.05
    assert row_of(made).overhead_us == 1000


async def test_the_row_is_written_once_when_the_exchange_is_closed() -> None:
    books = FakeBooks()
    scene = Scene(reply(), filters=[RequestLog(books)])
    await scene.run()
    [_, row] = books.records
    assert isinstance(row, ExchangeRow)
    assert (row.id, row.outcome, row.status_code) == ("req_1", "complete", 200)
    assert (row.prompt_tokens, row.completion_tokens, row.response_model) == (5, 2, "up-model")


async def test_losses_of_the_reply_stand_beside_those_of_the_request() -> None:
    books = FakeBooks()
    made = backend(speaks=("messages",), vendor="anthropic")
    body = asking(seed=7, model="m")
    whole = reply(
        b'{"type":"message","id":"m","role":"assistant","model":"x","stop_reason":"end_turn",'
        b'"content":[{"type":"text","text":"Hi"}],"usage":{"input_tokens":1,"output_tokens":1}}'
    )
    caller = await Scene(whole, backends=[made], body=body, filters=[RequestLog(books)]).run()
    [_, row] = books.records
    assert isinstance(row, ExchangeRow)
    assert row.losses == ("seed",)
    assert caller.headers["x-headgate-lost"] == "seed"


async def test_the_cost_is_that_of_all_attempts() -> None:
    made = finished()
    assert row_of(made).cost_usd is None
    for attempt, usd in zip(made.attempts, (0.25, 0.5), strict=True):
        attempt.cost = Cost(usd, "own")
    assert row_of(made).cost_usd == 0.75


async def test_without_a_recording_no_body_is_kept() -> None:
    row = row_of(finished())
    assert (row.detail_logged, row.request_body, row.response_body) == (False, None, None)


async def test_bodies_are_kept_without_secrets() -> None:
    made = finished()
    made.body = b'{"key":"sk-abcdefghijklmnop0123"}'
    made.recording = Recording("raw", "chat")
    made.recording.take(b'data: {"token":"Bearer abcdefghijklmnop0123"}\n\n')
    row = row_of(made)
    assert row.detail_logged
    assert row.request_body == '{"key":"[redacted]"}'
    assert row.response_body == 'data: {"token":"Bearer [redacted]"}\n\n'


async def test_the_backends_usage_stands_in_for_what_the_caller_was_not_told() -> None:
    made = finished()
    made.recording = Recording("compact", "chat")
    made.recording.take(b'data: {"choices":[]}\n\n')
    assert '"total_tokens":7' in (row_of(made).response_body or "")


async def test_a_secret_in_an_error_is_not_logged() -> None:
    made = finished()
    made.fault = Fault(kind="upstream_error", message="Bad key sk-abcdefghijklmnop0123.")
    assert row_of(made).error_message == "Bad key [redacted]."
