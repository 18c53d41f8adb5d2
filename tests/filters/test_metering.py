"""What is counted of exchanges."""

from typing import Any

import msgspec

from headgate.filters.metering import Metering
from headgate.filters.pricing import Pricing
from headgate.metrics.family import Family
from headgate.metrics.meters import Meters
from headgate.model.price import Cost
from headgate.model.usage import Usage
from headgate.pipeline.filter import Filter
from headgate.pipeline.guard import Guard
from headgate.policies.environment import Environment, ModelQuestion
from headgate.policies.report import HOLD_BUCKETS_S
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, reply
from tests.pipeline.samples import CHAT, DONE, chunk
from tests.policies.drive import opened


class FixedPrices:
    """A dollar an answer."""

    def warm(self, vendor: str) -> None: ...

    def cost(self, vendor: str, model: str, usage: Usage, at: float) -> Cost | None:
        return Cost(1.0, "known")


class Measured:
    """A scene whose exchange is counted."""

    def __init__(self, *plans: Plan, filters: tuple[Filter, ...] = (), **more: Any) -> None:
        self.meters = Meters(HOLD_BUCKETS_S)
        self.listed = False
        metering = Metering(self.meters, lambda backend, model: self.listed)
        self.scene = Scene(*plans, filters=(*filters, metering), **more)

    def under(self, entry: dict[str, Any], environment: Environment | None = None) -> "Measured":
        chain = opened(entry, environment=environment or Environment())

        def open_guard(_exchange: object) -> Guard | None:
            return chain

        snapshot = msgspec.structs.replace(self.scene.snapshot, open_guard=open_guard)
        self.scene.exchange.snapshot = snapshot
        return self

    async def run(self) -> Meters:
        await self.scene.run()
        return self.meters


def total(family: Family) -> dict[tuple[str, ...], float]:
    """The counter's values, or how many values a histogram has."""
    histogram = family.kind == "histogram"
    return {labels: sum(row[:-1]) if histogram else row[0] for labels, row in family.rows.items()}


async def test_a_request_is_counted_with_where_it_went_and_how_it_ended() -> None:
    meters = await Measured(FakeAnswer(*CHAT), stream=True).run()
    assert total(meters.requests) == {("chat", "fast", "one", "complete", "2xx"): 1}
    assert total(meters.attempts) == {("one", "complete"): 1}
    assert total(meters.duration) == {("chat", "true"): 1}
    assert total(meters.first_event) == {("chat", "one"): 1}
    assert total(meters.overhead) == {("chat",): 1}
    assert total(meters.events)["one",] > 1
    assert {labels[2] for labels in meters.tokens.rows} >= {"input", "output"}
    assert not meters.refusals.rows


async def test_every_attempt_is_counted_and_the_last_one_is_where_it_went() -> None:
    both = (backend("one"), backend("two"))
    meters = await Measured(FakeAnswer(status=500), reply(), backends=both).run()
    assert total(meters.attempts) == {("one", "upstream_error"): 1, ("two", "complete"): 1}
    assert total(meters.requests) == {("chat", "fast", "two", "complete", "2xx"): 1}


async def test_a_name_that_nobody_knows_is_no_label() -> None:
    meters = await Measured(model="made-up-by-the-caller").run()
    assert total(meters.requests) == {("chat", "other", "none", "refused", "4xx"): 1}
    assert total(meters.refusals) == {("model_not_found",): 1}
    assert "made-up" not in str([family.rows for family in meters])


async def test_a_name_that_a_backend_lists_is_one() -> None:
    names = {True: "model-of-one", False: "other"}
    for listed, name in names.items():
        one = backend("one", models=("model-of-one",))
        measured = Measured(reply(), backends=[one], routes=[], model="model-of-one")
        measured.scene.gateway.lists.use({"one": one})
        measured.listed = listed
        meters = await measured.run()
        assert {labels[1] for labels in meters.requests.rows} == {name}


async def test_costs_are_counted_where_they_are_known() -> None:
    meters = await Measured(reply(), filters=(Pricing(FixedPrices()),)).run()
    assert total(meters.cost) == {("one", "fast"): 1.0}


async def test_what_a_policy_did_is_counted() -> None:
    redact = {"policy": "redact", "patterns": [], "regexes": {"w": "Hello"}}
    answer = FakeAnswer(chunk("Hel"), chunk("lo you"), CHAT[-2], DONE)
    meters = await Measured(answer, stream=True).under(redact).run()
    assert total(meters.decisions) == {
        ("redact", "enforce", "changed"): 1,
        ("redact", "enforce", "met"): 1,
    }
    assert total(meters.holds) == {("redact",): 1}


async def test_a_block_is_a_refusal_and_a_decision() -> None:
    block = {"policy": "block", "name": "no greeting", "words": ["Hello"]}
    meters = await Measured(reply()).under(block).run()
    assert total(meters.refusals) == {("policy_violation",): 1}
    assert total(meters.decisions)["no greeting", "enforce", "refused"] == 1


async def test_a_policy_that_is_asked_after_the_last_word_is_counted_once() -> None:
    async def no(_question: ModelQuestion) -> str:
        return '{"allow": false}'

    judge = {"policy": "judge", "model": "j", "rules": "none", "mode": "monitor"}
    measured = Measured(FakeAnswer(*CHAT), stream=True).under(judge, Environment(ask_model=no))
    meters = await measured.run()
    assert total(meters.decisions)["judge", "monitor", "refused"] == 1
    assert total(meters.requests) == {("chat", "fast", "one", "complete", "2xx"): 1}


async def test_a_caller_that_left_is_counted_too() -> None:
    measured = Measured(FakeAnswer(CHAT[0], then="wait"), stream=True)
    running = await measured.scene.run_until(measured.scene.downstream.told)
    measured.scene.downstream.leave()
    await running
    assert total(measured.meters.attempts) == {("one", "client_closed"): 1}
