from collections.abc import Coroutine
from typing import Any

from headgate.model.parts import Text
from headgate.model.reply import Reply
from headgate.model.request import Request
from headgate.policies.chain import NO_CHAIN, Chain, Entry, compile_chain
from headgate.policies.environment import Environment
from headgate.policies.occasion import Occasion
from headgate.policies.rehearsal import Rehearsal, Trial, rehearse
from tests.policies.drive import OCCASION, reply, request, run, said, texts

CHAIN = compile_chain(
    [{"policy": "redact", "as": "token"}, {"policy": "block", "words": ["forbidden"]}],
    Environment(),
)


def tried(
    chain: Chain, asked: Request | None, answer: Reply | None, occasion: Occasion = OCCASION
) -> Coroutine[Any, Any, Rehearsal]:
    return rehearse(chain, Trial(occasion=occasion, request=asked, reply=answer))


def test_before_and_after_are_shown_for_both_sides() -> None:
    result = run(tried(CHAIN, request("a@b.org"), reply(Text("to [EMAIL_1]"))))
    assert result.request is not None
    assert result.reply is not None
    assert said(result.request) == ["[EMAIL_1]"]
    assert texts(result.reply) == ["to a@b.org"]
    assert [report.policy for report in result.reports] == ["redact", "block"]


def test_either_side_can_be_tried_alone() -> None:
    alone = run(tried(CHAIN, None, reply(Text("a@b.org"))))
    assert alone.request is None
    assert alone.reply is not None
    assert texts(alone.reply) == ["[EMAIL]"]
    assert run(tried(CHAIN, request("x"), None)).reply is None


def test_what_is_refused_is_shown_with_the_fault() -> None:
    refused = run(tried(CHAIN, request("forbidden"), reply(Text("x"))))
    assert refused.request is None
    assert refused.fault is not None
    blocked = run(tried(CHAIN, request("a@b.org"), reply(Text("forbidden"))))
    assert blocked.request is not None
    assert blocked.reply is None
    assert blocked.reports[1].refused is not None


def test_a_backend_can_be_supposed() -> None:
    entry = {"policy": "inject_system", "text": "x", "when": {"backend": "openai"}}
    chain = compile_chain([entry], Environment())
    occasion = type(OCCASION)(user="a", backend="openai")
    result = run(tried(chain, request("a"), None, occasion))
    assert result.request is not None
    assert said(result.request) == ["x", "a"]


def test_without_a_policy_in_force_nothing_changes() -> None:
    given = request("a")
    assert run(tried(NO_CHAIN, given, None)) == Rehearsal(request=given)


def test_headers_and_tags_that_policies_want_are_shown() -> None:
    entries: list[Entry] = [
        {"policy": "tag", "tags": {"team": "red"}},
        {"policy": "header", "header": "x-team", "value": "red"},
    ]
    result = run(tried(compile_chain(entries, Environment()), request("a"), None))
    assert result.effects.tags == {"team": "red"}
    assert result.effects.to_backend == [("x-team", "red")]
