"""Whole replies on their way through the policies."""

from typing import Any

import msgspec

from headgate.model.fault import Fault
from headgate.pipeline.asking import put
from headgate.pipeline.guarded_whole import guard_whole
from headgate.pipeline.whole import Whole, relay_whole
from headgate.routing.target import Target
from tests.pipeline.fakes import Scene
from tests.pipeline.samples import REPLY
from tests.policies.drive import opened, request

NOT_A_REPLY = b'{"strange": true}'


async def through(entry: dict[str, Any], body: bytes = REPLY) -> tuple[Whole, Whole | Fault]:
    turn = Scene().turn()
    question = put(turn.exchange, Target("one", "m"), 0.0)
    guard = opened({"apply_to": ["response"], **entry})
    await guard.request(request("Hi"))
    whole = relay_whole(body, question.dialect)
    assert isinstance(whole, Whole)
    return whole, await guard_whole(turn, question, guard, whole)


def redact(word: str, **keys: Any) -> dict[str, Any]:
    return {"policy": "redact", "patterns": [], "regexes": {"w": word}, **keys}


async def test_a_reply_that_is_changed_is_written_anew_and_costs_the_same() -> None:
    whole, result = await through(redact("Hello"))
    assert isinstance(result, Whole)
    said = msgspec.json.decode(result.body)
    assert said["choices"][0]["message"]["content"] == "[W] there"
    assert result.facts is whole.facts
    assert result.reply is not None


async def test_a_reply_that_nobody_changes_keeps_its_bytes() -> None:
    whole, result = await through(redact("Goodbye"))
    assert result is whole


async def test_a_reply_that_is_watched_keeps_its_bytes() -> None:
    whole, result = await through(redact("Hello", mode="monitor"))
    assert result is whole


async def test_a_block_is_a_fault() -> None:
    _, result = await through({"policy": "block", "words": ["there"]})
    assert isinstance(result, Fault)
    assert result.kind == "policy_violation"


async def test_what_is_no_reply_passes_by_nobody_but_those_who_watch() -> None:
    _, result = await through(redact("Hello"), NOT_A_REPLY)
    assert isinstance(result, Fault)
    assert result.kind == "upstream_error"
    whole, result = await through(redact("Hello", mode="monitor"), NOT_A_REPLY)
    assert result is whole
