import asyncio
from typing import Any

import pytest

from headgate.model.fault import Refused
from headgate.model.parts import Text
from headgate.model.reply import unfold
from headgate.policies.environment import Environment, ModelQuestion
from headgate.policies.running import Running
from tests.policies.drive import Entry, cut, opened, reply, request, run, stream

JUDGE: Entry = {"policy": "judge", "model": "slow", "rules": "none", "window": 20}
BLOCK: Entry = {"policy": "block", "words": ["forbidden"]}


def beside(*policies: Entry, ask: Any = None) -> Running:
    environment = Environment() if ask is None else Environment(ask_model=ask)
    return opened({"policy": "parallel", "policies": list(policies)}, environment=environment)


def test_they_are_asked_at_the_same_time_and_the_first_that_blocks_counts() -> None:
    cancelled: list[str] = []

    async def ask(question: ModelQuestion) -> str:
        if question.model == "fast":
            return '{"allow": false}'
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(question.model)
            raise
        raise AssertionError

    running = beside(JUDGE, {**JUDGE, "model": "fast", "name": "quick"}, ask=ask)
    streamed = run(stream(running, unfold(reply(Text("some words and others and more")))))
    assert streamed.fault is not None
    assert "'quick'" in streamed.fault.message
    assert cancelled == ["slow"]
    assert streamed.text == ""

    again = beside(JUDGE, {**JUDGE, "model": "fast", "name": "quick"}, ask=ask)
    with pytest.raises(Refused) as refusal:
        run(again.request(request("some words")))
    assert "'quick'" in refusal.value.fault.message
    assert cancelled == ["slow", "slow"]


def test_only_what_all_of_them_let_pass_goes_on() -> None:
    running = beside(BLOCK, {"policy": "block", "words": ["bidden"]})
    given = reply(Text("this is for bidden"))
    streamed = run(stream(running, cut(unfold(given), 2)))
    assert streamed.fault is not None
    assert streamed.text == "this is for "


def test_what_none_of_them_minds_comes_out_as_it_came() -> None:
    given = reply(Text("nothing of the kind, for"))
    for seed in range(5):
        events = cut(unfold(given), seed)
        assert (
            run(stream(beside(BLOCK, {"policy": "log_only", "words": ["x"]}), events)).reply
            == given
        )


def test_one_that_changes_text_all_the_same_is_found_out() -> None:
    running = beside(BLOCK, {"policy": "tests.policies.strangers:Judging"})
    streamed = run(stream(running, unfold(reply(Text("abc")))))
    assert streamed.fault is not None
    assert streamed.fault.message == "The policy 'parallel' could not be applied."


def test_what_is_held_by_one_is_due_for_all() -> None:
    async def work() -> float | None:
        running = beside({**BLOCK, "max_hold": "30ms"}, {**BLOCK, "max_hold": "20ms"})
        await running.request(request())
        events = [*unfold(reply(Text("forb")))][:3]
        assert len([out for event in events for out in running.feed(event, 1.0)]) == 2
        due = running.due()
        assert running.release(1.025) == []
        assert [e.text for e in running.release(1.031)] == ["forb"]  # type: ignore[union-attr]
        return due

    assert run(work()) == pytest.approx(1.02)


def test_where_no_policy_reads_answers_they_pass_untouched() -> None:
    running = beside({**BLOCK, "apply_to": ["request"]})
    run(running.request(request("fine")))
    assert not running.watches_reply
    assert not running.changes_reply
