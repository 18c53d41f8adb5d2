"""The whole way of an exchange, and that every path settles and closes once."""

import asyncio

import msgspec
import pytest
from typing_extensions import override

from headgate.backends.backend import Timeouts
from headgate.model.fault import Fault, Refused
from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter
from headgate.routing.retry import Budget
from headgate.upstream.answer import TargetUnreachable
from tests.pipeline.fakes import (
    FakeAnswer,
    Scene,
    backend,
    error_in,
    refusal,
    reply,
    route,
)
from tests.pipeline.samples import CHAT, DONE, chunk

DEAD = TargetUnreachable("the connection was refused")


TWO = (backend("one"), backend("two"))


async def test_a_stream_is_relayed_whole() -> None:
    answer = FakeAnswer(*CHAT)
    scene = Scene(answer, stream=True)
    caller = await scene.run()
    assert caller.body == b"".join((*CHAT[:3], DONE))
    assert caller.ending == "finished"
    assert (scene.outcome, scene.settled) == ("complete", ["complete"])
    assert (answer.closed, answer.read_out) == (1, True)


async def test_a_whole_reply_is_relayed_as_it_is() -> None:
    answer = reply()
    scene = Scene(answer)
    caller = await scene.run()
    assert (caller.status, caller.headers["content-type"]) == (200, "application/json")
    assert msgspec.json.decode(caller.body)["choices"][0]["message"]["content"] == "Hello there"
    assert scene.notes.closed == [(200, "complete")]
    assert answer.closed == 1


async def test_a_refused_body_asks_nobody() -> None:
    scene = Scene(body=b"no JSON")
    caller = await scene.run()
    assert (caller.status, scene.upstream.calls) == (400, [])
    assert scene.notes.closed == [(400, "refused")]


async def test_a_body_that_cannot_be_read_is_told() -> None:
    scene = Scene()
    scene.downstream.refusal = Refused(Fault(kind="request_stalled", message="stalled"))
    assert (await scene.run()).status == 408
    assert scene.outcome == "refused"


async def test_a_caller_without_a_key_is_refused_before_the_body_is_read() -> None:
    scene = Scene()
    scene.exchange.snapshot = msgspec.structs.replace(scene.snapshot, open=False)
    assert (await scene.run()).status == 401
    assert scene.exchange.body == b""
    assert scene.outcome == "refused"


async def test_a_model_that_nobody_serves_is_404() -> None:
    scene = Scene(model="nobody's")
    caller = await scene.run()
    assert (caller.status, error_in(caller)["code"]) == (404, "model_not_found")
    assert scene.notes.closed == [(404, "refused")]


class Refusing(Filter):
    """Refuses in one phase."""

    def __init__(self, phase: str) -> None:
        self._phase = phase

    @override
    async def admit(self, exchange: Exchange) -> None:
        self._refuse("admit")

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        self._refuse("prepare")

    def _refuse(self, phase: str) -> None:
        if phase == self._phase:
            raise Refused(Fault(kind="rate_limited", message="slowly", retry_after_s=3.2))


@pytest.mark.parametrize(("phase", "settled"), [("admit", []), ("prepare", ["refused"])])
async def test_a_filter_may_refuse(phase: str, settled: list[str]) -> None:
    scene = Scene(filters=(Refusing(phase),))
    caller = await scene.run()
    assert (caller.status, caller.headers["retry-after"]) == (429, "4")
    assert (scene.outcome, scene.settled) == ("refused", settled)
    assert scene.upstream.calls == []


async def test_after_a_failure_the_next_target_answers() -> None:
    scene = Scene(DEAD, refusal(500), FakeAnswer(*CHAT), stream=True, backends=TWO)
    caller = await scene.run()
    assert caller.status == 200
    assert caller.headers["x-headgate-backend"] == "one"
    assert caller.headers["x-headgate-attempts"] == "3"
    assert scene.settled == ["upstream_error", "upstream_error", "complete"]
    assert scene.outcome == "complete"
    assert [call.url for call in scene.upstream.calls] == [
        "http://one.test/v1/chat/completions",
        "http://two.test/v1/chat/completions",
        "http://one.test/v1/chat/completions",
    ]


async def test_the_last_failure_is_told_when_attempts_run_out() -> None:
    scene = Scene(DEAD, refusal(503, "busy"), routes=[route("one", "two", retries=1)], backends=TWO)
    caller = await scene.run()
    assert (caller.status, error_in(caller)["message"]) == (503, "busy")
    assert scene.notes.closed == [(503, "upstream_error")]
    assert scene.settled == ["upstream_error"] * 2


async def test_a_refusal_of_the_request_itself_is_not_tried_elsewhere() -> None:
    scene = Scene(refusal(422, "bad tool"), backends=TWO)
    caller = await scene.run()
    assert (caller.status, error_in(caller)["message"]) == (422, "bad tool")
    assert len(scene.upstream.calls) == 1


def _spend(budget: Budget) -> None:
    now = asyncio.get_running_loop().time()
    budget.note_request(now)
    while budget.take(now):
        pass


async def test_a_spent_retry_budget_ends_the_repeats_at_a_backend() -> None:
    scene = Scene(DEAD, routes=[route("one", retries=4)])
    _spend(scene.gateway.budget("one"))
    assert (await scene.run()).status == 502
    assert len(scene.upstream.calls) == 1


async def test_another_backend_is_tried_whatever_the_retry_budget() -> None:
    scene = Scene(DEAD, DEAD, backends=TWO)
    for name in ("one", "two"):
        _spend(scene.gateway.budget(name))
    await scene.run()
    assert len(scene.upstream.calls) == 2


async def test_a_target_that_failed_again_and_again_is_suspected() -> None:
    scene = Scene(*[DEAD] * 5, routes=[route("one", retries=4)])
    await scene.run()
    now = asyncio.get_running_loop().time()
    assert scene.gateway.health.is_suspected("one/one-model", now)
    assert scene.gateway.health.of("one/one-model").in_flight == 0


async def test_a_stream_that_breaks_ends_with_an_error_and_no_second_attempt() -> None:
    answer = FakeAnswer(chunk("Hel"), then="break")
    scene = Scene(answer, stream=True, backends=TWO)
    caller = await scene.run()
    assert b"Hel" in caller.body
    assert b'"code":"upstream_truncated"' in caller.pieces[-1]
    assert DONE not in caller.body
    assert caller.ending == "finished"
    assert (scene.outcome, scene.settled) == ("truncated", ["truncated"])
    assert scene.gateway.health.of("one/one-model").failures == 1
    assert answer.closed == 1


async def test_a_finish_without_its_terminator_gets_one() -> None:
    scene = Scene(FakeAnswer(chunk("Hello"), chunk(finish="stop")), stream=True)
    caller = await scene.run()
    assert caller.pieces[-1] == DONE
    assert scene.outcome == "complete"


async def test_an_empty_stream_is_an_empty_stream() -> None:
    scene = Scene(FakeAnswer(), stream=True)
    caller = await scene.run()
    assert (caller.status, caller.body, caller.ending) == (200, b"", "finished")
    assert caller.headers["content-type"] == "text/event-stream"
    assert scene.outcome == "empty"


async def test_silence_inside_a_stream_is_a_timeout() -> None:
    quiet = backend(timeouts=Timeouts(idle_s=0.01))
    scene = Scene(FakeAnswer(chunk("Hel"), then="wait"), stream=True, backends=[quiet])
    caller = await scene.run()
    assert b'"code":"request_timeout"' in caller.pieces[-1]
    assert scene.settled == ["timeout"]


async def test_no_first_event_in_time_is_504() -> None:
    slow = backend(timeouts=Timeouts(first_event_s=0.01))
    answers = [FakeAnswer(b": hold the line\n\n", then="wait") for _ in range(2)]
    routes = [route("one", retries=0)]
    scene = Scene(*answers, stream=True, backends=[slow], routes=routes)
    caller = await scene.run()
    assert (caller.status, error_in(caller)["code"]) == (504, "request_timeout")
    assert scene.notes.closed == [(504, "timeout")]
    assert answers[0].closed == 1


class Faulty(Filter):
    """Has a bug."""

    @override
    def choose(self, exchange: Exchange, targets: object) -> tuple[()]:
        raise ZeroDivisionError


class FaultyLater(Filter):
    """Has a bug where an attempt is running."""

    @override
    def prepare(self, exchange: Exchange, attempt: Attempt) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("faulty", [Faulty(), FaultyLater()])
async def test_a_bug_comes_out_and_the_books_are_closed(faulty: Filter) -> None:
    scene = Scene(filters=(faulty,))
    with pytest.raises(ZeroDivisionError):
        await scene.run()
    assert [status for status, _ in scene.notes.closed] == [500]
    assert len(scene.settled) == len(scene.notes.prepared)
    assert not scene.gateway.running


async def test_a_cancelled_task_settles_and_closes() -> None:
    scene = Scene(None)
    running = await scene.run_until(scene.upstream.asked)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (len(scene.notes.settled), len(scene.notes.closed)) == (1, 1)
    assert not scene.gateway.running
