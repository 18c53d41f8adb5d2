import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from headgate.dialects.endpoints import find
from headgate.filters.limiter import MemoryLimiter
from headgate.filters.limits import LimitCallers
from headgate.filters.pricing import Pricing
from headgate.model.caller import Key
from headgate.model.limits import Limits, Subject
from headgate.model.price import Price
from headgate.pipeline import stream as stream_module
from headgate.upstream.answer import TargetUnreachable
from tests.faults.forms import TYPE, form, plain
from tests.filters.clocks import Clocks
from tests.filters.served import scene_of, user
from tests.filters.test_pricing import NoPrices
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, error_in, refusal, reply, route
from tests.pipeline.samples import CHAT, chunk

PRICED = backend("one", prices=(("*", Price(input=10_000.0, output=100_000.0)),))
"""What `reply` uses, 5 tokens in and 2 out, costs 0.25 dollars here."""

ALICE: Subject = ("user", "alice")


class Limited:
    """Exchanges of one caller with `limits`, one after another."""

    def __init__(self, **limits: Any) -> None:
        self.clocks = Clocks()
        self.limiter = MemoryLimiter(self.clocks.monotonic, self.clocks.wall)
        self.user = user(limits=Limits(**limits))

    def scene(self, *plans: Plan, **more: Any) -> Scene:
        prices = NoPrices()
        filters = [LimitCallers(self.limiter, prices, self.clocks.wall), Pricing(prices)]
        return scene_of(self.user, *plans, filters=filters, backends=(PRICED,), **more)

    @property
    def running(self) -> int:
        return self.limiter.running(ALICE)

    def remaining(self, scene: Scene) -> int:
        """Tokens left, as the next exchange is told."""
        return int(scene.downstream.headers["x-ratelimit-remaining-tokens"])


async def test_a_user_without_limits_is_told_nothing() -> None:
    downstream = await Limited().scene(reply()).run()
    assert downstream.status == 200
    assert not [name for name in downstream.headers if "ratelimit" in name]


async def test_an_answer_tells_what_is_left() -> None:
    downstream = await Limited(requests_per_minute=5).scene(reply()).run()
    assert downstream.headers["x-ratelimit-limit-requests"] == "5"
    assert downstream.headers["x-ratelimit-remaining-requests"] == "4"
    assert downstream.headers["x-ratelimit-reset-requests"] == "12s"


async def test_a_stream_tells_what_is_left() -> None:
    scene = Limited(requests_per_minute=5).scene(FakeAnswer(*CHAT), stream=True)
    downstream = await scene.run()
    assert downstream.headers["x-ratelimit-remaining-requests"] == "4"


async def test_a_backends_own_limits_do_not_stand_beside_ours() -> None:
    theirs: dict[str, Any] = {
        "x_ratelimit_limit_tokens": "999",
        "x_ratelimit_limit_requests": "998",
    }
    told = (await Limited(requests_per_minute=5).scene(reply(**theirs)).run()).headers
    assert told["x-ratelimit-limit-requests"] == "5"
    assert "x-ratelimit-limit-tokens" not in told
    told = (await Limited(concurrent=5).scene(reply(**theirs)).run()).headers
    assert told["x-ratelimit-limit-requests"] == "998"


@pytest.mark.parametrize(
    ("dialect", "code"), [("chat", "rate_limit_exceeded"), ("responses", "rate_limit_exceeded")]
)
async def test_too_many_requests_are_a_429(dialect: str, code: str) -> None:
    limited = Limited(requests_per_minute=1)
    await limited.scene(reply()).run()
    downstream = await limited.scene(dialect=dialect).run()
    error = error_in(downstream)
    assert downstream.status == 429
    assert downstream.headers["retry-after"] == "60"
    assert downstream.headers["x-ratelimit-remaining-requests"] == "0"
    assert error["code"] == code
    assert error["message"] == (
        "Rate limit reached: this user may use 1 requests a minute. Try again in 60 s."
    )


async def test_a_messages_caller_is_told_in_its_own_names() -> None:
    limited = Limited(requests_per_minute=1)
    await limited.scene(reply()).run()
    downstream = await limited.scene(dialect="messages").run()
    assert downstream.status == 429
    assert error_in(downstream)["type"] == "rate_limit_error"
    assert downstream.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert downstream.headers["anthropic-ratelimit-requests-reset"] == "2026-12-05T12:01:00Z"
    assert "x-ratelimit-limit-requests" not in downstream.headers


async def test_what_was_reserved_is_replaced_by_what_was_used() -> None:
    limited = Limited(tokens_per_day=100_000)
    scene = limited.scene(reply(), max_tokens=50_000)
    await scene.run()
    reserved = scene.exchange.input_estimate + 50_000
    assert limited.remaining(scene) == 100_000 - reserved
    following = limited.scene(reply(), max_tokens=1000)
    await following.run()
    reserved = following.exchange.input_estimate + 1000
    assert limited.remaining(following) == 100_000 - 7 - reserved


async def test_without_a_bound_some_output_is_reserved() -> None:
    limited = Limited(tokens_per_day=100_000)
    scene = limited.scene(reply())
    await scene.run()
    assert limited.remaining(scene) == 100_000 - 1024 - scene.exchange.input_estimate


ENDINGS: dict[str, Callable[[], Plan]] = {
    "complete": lambda: FakeAnswer(*CHAT),
    "truncated": lambda: FakeAnswer(chunk("Hel")),
    "broken": lambda: FakeAnswer(chunk("Hel"), then="break"),
    "empty": lambda: FakeAnswer(),
    "refused by the backend": lambda: refusal(400),
    "without usage": lambda: FakeAnswer(chunk("Hel"), chunk(finish="stop")),
    "unreachable": lambda: TargetUnreachable("no", timed_out=False, sent="nothing"),
}


@pytest.mark.parametrize("how", ENDINGS)
async def test_however_a_stream_ends_nothing_stays_reserved(how: str) -> None:
    limited = Limited(concurrent=1, tokens_per_day=1000, budget_usd=100.0)
    once = route("one", retries=0)
    scene = limited.scene(ENDINGS[how](), stream=True, max_tokens=500, routes=(once,))
    await scene.run()
    assert limited.running == 0
    assert limited.limiter.held(ALICE) == 0.0
    assert (await limited.scene(reply(), max_tokens=500).run()).status == 200


async def test_a_caller_who_leaves_gives_the_place_free() -> None:
    limited = Limited(concurrent=1)
    answer = FakeAnswer(chunk("Hel"), then="wait")
    scene = limited.scene(answer, stream=True)
    running = await scene.run_until(answer.dry)
    assert limited.running == 1
    assert (await limited.scene().run()).status == 429
    scene.downstream.leave()
    await running
    assert limited.running == 0


async def test_the_place_is_held_until_the_end_of_the_stream() -> None:
    limited = Limited(concurrent=1)
    answer = FakeAnswer(*CHAT, held=True)
    scene = limited.scene(answer, stream=True)
    running = await scene.run_until(scene.upstream.asked)
    refused = await limited.scene().run()
    assert refused.headers["retry-after"] == "1"
    answer.go.set()
    await running
    assert limited.running == 0


async def test_who_has_the_last_word_may_ask_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "LINGER_S", 0.02)
    limited = Limited(concurrent=1)
    answer = FakeAnswer(*CHAT, then="wait")
    running = await limited.scene(answer, stream=True).run_until(answer.dry)
    assert limited.running == 0
    assert not running.done()
    await running
    assert answer.closed == 1


async def test_a_model_that_does_not_exist_costs_a_request_and_no_tokens() -> None:
    limited = Limited(requests_per_day=10, tokens_per_day=10_000)
    missing = limited.scene(model="nobody's")
    assert (await missing.run()).status == 404
    scene = limited.scene(reply(), max_tokens=100)
    told = (await scene.run()).headers
    assert told["x-ratelimit-remaining-requests"] == "8"
    assert limited.remaining(scene) == 10_000 - 100 - scene.exchange.input_estimate


async def test_a_budget_is_spent_by_what_answers_cost() -> None:
    limited = Limited(budget_usd=0.3, budget_period="day")
    for _ in range(2):
        assert (await limited.scene(reply()).run()).status == 200
    assert limited.limiter.spent(ALICE) == pytest.approx(0.5)
    downstream = await limited.scene().run()
    error = error_in(downstream)
    assert (downstream.status, error["code"]) == (429, "insufficient_quota")
    assert error["message"] == "The budget of this user, 0.3 USD a day, is used up."
    assert downstream.headers["retry-after"] == str(12 * 3600)
    assert downstream.headers["x-should-retry"] == "false"


async def test_a_budget_in_all_is_asked_for_again_after_a_day() -> None:
    limited = Limited(budget_usd=0.0, budget_period="total")
    assert (await limited.scene().run()).headers["retry-after"] == "86400"


async def test_a_running_exchange_holds_what_it_may_cost() -> None:
    limited = Limited(budget_usd=1.0)
    answer = FakeAnswer(*CHAT, held=True)
    scene = limited.scene(answer, stream=True, max_tokens=100)
    running = await scene.run_until(scene.upstream.asked)
    assert limited.limiter.held(ALICE) >= 10.0
    assert (await limited.scene().run()).status == 429
    answer.go.set()
    await running
    assert limited.limiter.held(ALICE) == 0.0
    assert (await limited.scene(reply()).run()).status == 200


async def test_two_that_were_admitted_together_do_not_overdraw_together() -> None:
    limited = Limited(budget_usd=1.0)
    scenes = [limited.scene(reply(), max_tokens=1000) for _ in range(2)]
    ends = await asyncio.gather(*(scene.run() for scene in scenes))
    assert sorted(end.status for end in ends) == [200, 429]
    assert limited.running == 0


async def test_an_answer_that_costs_nothing_known_spends_nothing() -> None:
    limited = Limited(budget_usd=0.1)
    scene = limited.scene(reply())
    free = msgspec.structs.replace(PRICED, prices=())
    scene.exchange.snapshot = msgspec.structs.replace(
        scene.exchange.snapshot, backends={"one": free}
    )
    assert (await scene.run()).status == 200
    assert limited.limiter.spent(ALICE) == 0.0


class KeyLimited(Limited):
    """The same, with limits of the key as well."""

    def __init__(self, key: dict[str, Any], **limits: Any) -> None:
        super().__init__(**limits)
        self.user = user(limits=Limits(**limits), key=Key(id="k1", limits=Limits(**key)))


async def test_a_key_alone_may_have_limits() -> None:
    limited = KeyLimited({"requests_per_minute": 1})
    told = await limited.scene(reply()).run()
    assert told.headers["x-ratelimit-limit-requests"] == "1"
    refused = await limited.scene().run()
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    assert "this key may use 1 requests a minute" in error_in(refused)["message"]
    assert limited.running == 0


async def test_of_user_and_key_the_headers_tell_the_tighter_one() -> None:
    limited = KeyLimited({"requests_per_minute": 5}, requests_per_minute=100)
    told = (await limited.scene(reply()).run()).headers
    assert told["x-ratelimit-limit-requests"] == "5"
    assert told["x-ratelimit-remaining-requests"] == "4"


async def test_the_budget_of_a_key_is_spent_by_what_answers_cost() -> None:
    limited = KeyLimited({"budget_usd": 0.3, "budget_period": "day"})
    for _ in range(2):
        assert (await limited.scene(reply()).run()).status == 200
    refused = await limited.scene().run()
    assert refused.headers["x-should-retry"] == "false"
    assert error_in(refused)["message"] == "The budget of this key, 0.3 USD a day, is used up."
    assert limited.limiter.spent(("key", "k1")) == pytest.approx(0.5)


@pytest.mark.parametrize("how", ENDINGS)
async def test_however_a_stream_ends_nothing_of_a_key_stays_reserved(how: str) -> None:
    limited = KeyLimited({"concurrent": 1, "tokens_per_day": 1000, "budget_usd": 100.0})
    once = route("one", retries=0)
    scene = limited.scene(ENDINGS[how](), stream=True, max_tokens=500, routes=(once,))
    await scene.run()
    assert limited.limiter.running(("key", "k1")) == 0
    assert limited.limiter.held(("key", "k1")) == 0.0


def uploading(limited: Limited, *plans: Plan, body: bytes) -> Scene:
    """A scene in which a form is sent."""
    made = limited.scene(*plans, body=body, headers={"content-type": TYPE})
    dialect = find("/v1/audio/transcriptions")
    assert dialect is not None
    assert dialect.caller is not None
    made.exchange.dialect, made.exchange.caller = dialect, dialect.caller
    return made


async def test_a_form_is_admitted_by_its_head() -> None:
    limited = Limited(requests_per_minute=1, tokens_per_day=100_000)
    body = form(b"RIFF", "fast", plain("prompt", "x" * 4000))
    first = uploading(limited, reply(b'{"text":"Hello"}'), body=body)
    assert (await first.run()).status == 200
    assert limited.remaining(first) == 100_000 - 1024 - 1
    assert first.exchange.input_estimate == 1000
    second = uploading(limited, body=body)
    assert (await second.run()).status == 429
    assert (second.downstream.taken, second.exchange.upload is None) == (False, False)


async def test_what_turns_out_to_be_no_form_gives_its_tokens_and_its_place_back() -> None:
    limited = Limited(concurrent=1, tokens_per_day=100_000)
    broken = uploading(limited, body=form(b"RIFF", "fast")[:-9])
    assert (await broken.run()).status == 400
    assert limited.running == 0
    following = uploading(limited, reply(b'{"text":"Hello"}'), body=form(b"RIFF", "fast"))
    assert (await following.run()).status == 200
    assert limited.remaining(following) == 100_000 - 1024 - 1
