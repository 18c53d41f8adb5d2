"""Exchanges under a policy chain: what is held, asked, blocked and closed."""

import asyncio
import time
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from headgate.backends.backend import Timeouts
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.filter import Filter
from headgate.pipeline.guard import Guard
from headgate.policies.environment import Environment
from headgate.policies.running import Running
from tests.pipeline.fakes import FakeAnswer, Plan, Scene, backend, reply, route
from tests.pipeline.samples import CHAT, DONE, asking, chunk
from tests.policies import strangers
from tests.policies.drive import OCCASION, opened

HERE = "tests.policies.strangers"
CLOCKS = Environment(clock=time.monotonic)


def under(*entries: dict[str, Any], plans: tuple[Plan, ...], **asked: Any) -> Scene:
    """A scene whose exchange works under the chain of `entries`."""
    scene = Scene(*plans, **asked)
    chain = opened(*entries, environment=CLOCKS, occasion=OCCASION)

    def open_guard(_exchange: object) -> Guard | None:
        return chain

    scene.exchange.snapshot = msgspec.structs.replace(scene.snapshot, open_guard=open_guard)
    return scene


def guard_of(scene: Scene) -> Running:
    guard = scene.exchange.guard
    assert isinstance(guard, Running)
    return guard


async def test_what_is_held_comes_out_in_time_while_the_backend_is_silent() -> None:
    answer = FakeAnswer(chunk("a pin is 12"), then="wait")
    redact = {"policy": "redact", "patterns": [], "regexes": {"pin": "[0-9]{4}"}}
    scene = under({**redact, "max_hold": "10ms"}, plans=(answer,), stream=True)
    running = asyncio.ensure_future(scene.run())
    async with asyncio.timeout(10):
        while b"12" not in scene.downstream.body:
            scene.downstream.told.clear()
            await scene.downstream.told.wait()
    scene.downstream.leave()
    await running
    assert scene.outcome == "client_closed"


async def test_silence_is_still_a_time_out_where_text_was_released_meanwhile() -> None:
    answer = FakeAnswer(chunk("a pin is 12"), then="wait")
    redact = {"policy": "redact", "patterns": [], "regexes": {"pin": "[0-9]{4}"}}
    patient = backend(timeouts=Timeouts(idle_s=0.1))
    scene = under({**redact, "max_hold": "10ms"}, plans=(answer,), stream=True, backends=(patient,))
    caller = await scene.run()
    assert b"12" in caller.body
    assert DONE not in caller.body
    assert scene.outcome == "timeout"


async def test_a_policy_that_must_be_waited_for_is() -> None:
    scene = under({"policy": f"{HERE}:Reverse"}, plans=(FakeAnswer(*CHAT),), stream=True)
    caller = await scene.run()
    assert b"olleH" in caller.body
    assert b"Hello" not in caller.body
    assert caller.body.endswith(DONE)
    assert scene.outcome == "complete"


@pytest.mark.parametrize("where", ["request", "text", "end"])
async def test_a_policy_that_fails_is_no_traceback(where: str) -> None:
    bad = {"policy": f"{HERE}:Bad", "where": where, "how": "raise"}
    scene = under(bad, plans=(FakeAnswer(*CHAT),), stream=True)
    caller = await scene.run()
    assert caller.status == (200 if where == "end" else 403)
    assert scene.outcome == ("complete" if where == "end" else "blocked")


async def test_every_policy_ends_once_with_the_outcome() -> None:
    strangers.ENDED.clear()
    plans: tuple[Plan, ...] = (FakeAnswer(*CHAT),)
    await under({"policy": f"{HERE}:Shout"}, plans=plans, stream=True).run()
    cut = under({"policy": f"{HERE}:Shout"}, plans=(FakeAnswer(*CHAT[:2]),), stream=True)
    await cut.run()
    assert [outcome for _, outcome in strangers.ENDED] == ["complete", "truncated"]


async def test_a_caller_that_leaves_ends_the_policies_too() -> None:
    strangers.ENDED.clear()
    answer = FakeAnswer(*CHAT[:2], then="wait")
    scene = under({"policy": f"{HERE}:Shout"}, plans=(answer,), stream=True)
    running = await scene.run_until(answer.dry)
    scene.downstream.leave()
    await running
    assert [outcome for _, outcome in strangers.ENDED] == ["client_closed"]
    assert scene.outcome == "client_closed"


async def test_a_blocked_reply_does_no_harm_to_its_backend() -> None:
    block = {"policy": "block", "words": ["there"], "apply_to": ["response"]}
    scene = under(block, plans=(reply(),))
    caller = await scene.run()
    assert (caller.status, scene.settled, scene.outcome) == (403, ["blocked"], "blocked")
    target = scene.exchange.attempts[0].target
    assert not scene.gateway.health.rests_until(target.key)
    assert scene.exchange.attempts[0].facts.usage is not None


async def test_a_json_object_that_is_no_reply_does_not_pass_by_the_policies() -> None:
    redact = {"policy": "redact", "patterns": ["email"]}
    scene = under(
        redact, plans=(reply(b'{"strange": "a@b.example"}'),), routes=(route("one", retries=0),)
    )
    caller = await scene.run()
    assert caller.status == 502
    assert b"a@b.example" not in caller.body


async def test_who_asks_for_the_reply_alone_leaves_the_request_as_it_came() -> None:
    body = asking("chat", unheard_of={"kept": 1.50})
    redact = {"policy": "redact", "patterns": ["email"], "apply_to": ["response"]}
    scene = under(redact, plans=(reply(),), body=body)
    await scene.run()
    sent = scene.upstream.calls[0].body
    assert isinstance(sent, bytes)
    assert b'"unheard_of":{"kept":1.5}' in sent
    assert scene.exchange.changed is None


async def test_findings_of_a_monitor_are_kept_for_whoever_counts_them() -> None:
    watch = {"policy": "redact", "patterns": [], "regexes": {"w": "Hello"}, "mode": "monitor"}
    scene = under(watch, plans=(FakeAnswer(*CHAT),), stream=True)
    caller = await scene.run()
    assert caller.body == b"".join((*CHAT[:3], DONE))
    assert sum(guard_of(scene).reports[0].findings.values()) == 1


class Amends(Filter):
    """Notes what was known of the first policy when the exchange was closed, and afterwards."""

    def __init__(self) -> None:
        self.known: list[tuple[str, str | None]] = []

    @override
    def close(self, exchange: Exchange) -> None:
        assert exchange.guard is not None
        self.known.append(("close", exchange.guard.reports[0].refused))

    @override
    def amend(self, exchange: Exchange) -> None:
        assert exchange.guard is not None
        self.known.append(("amend", exchange.guard.reports[0].refused))


async def test_what_a_monitor_learns_after_the_last_word_amends_what_was_closed() -> None:
    judge = {"policy": f"{HERE}:Critic", "mode": "monitor"}
    late, early = Amends(), Amends()
    await under(judge, plans=(FakeAnswer(*CHAT),), stream=True, filters=[late]).run()
    assert late.known == [("close", None), ("amend", "no")]
    tag = {"policy": "tag", "tags": {"team": "red"}, "mode": "monitor"}
    await under(tag, plans=(FakeAnswer(*CHAT),), stream=True, filters=[early]).run()
    assert early.known == [("close", None)]


class FaultyLate(Amends):
    """Has a bug where what was closed is amended."""

    @override
    def amend(self, exchange: Exchange) -> None:
        raise ZeroDivisionError


async def test_a_bug_in_a_filter_keeps_no_other_from_amending() -> None:
    judge = {"policy": f"{HERE}:Critic", "mode": "monitor"}
    late = Amends()
    scene = under(judge, plans=(FakeAnswer(*CHAT),), stream=True, filters=[FaultyLate(), late])
    await scene.run()
    assert late.known == [("close", None), ("amend", "no")]
