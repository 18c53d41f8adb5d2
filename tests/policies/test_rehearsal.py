from headgate.model.parts import Text
from headgate.policies.chain import NO_CHAIN, compile_chain
from headgate.policies.environment import Environment
from headgate.policies.rehearsal import Rehearsal, rehearse
from tests.policies.drive import OCCASION, reply, request, run, said, texts

CHAIN = compile_chain(
    [{"policy": "redact", "as": "token"}, {"policy": "block", "words": ["forbidden"]}],
    Environment(),
)


def test_before_and_after_are_shown_for_both_sides() -> None:
    result = run(rehearse(CHAIN, OCCASION, request("a@b.org"), reply(Text("to [EMAIL_1]"))))
    assert result.request is not None
    assert result.reply is not None
    assert said(result.request) == ["[EMAIL_1]"]
    assert texts(result.reply) == ["to a@b.org"]
    assert [report.policy for report in result.reports] == ["redact", "block"]


def test_either_side_can_be_tried_alone() -> None:
    alone = run(rehearse(CHAIN, OCCASION, None, reply(Text("a@b.org"))))
    assert alone.request is None
    assert alone.reply is not None
    assert texts(alone.reply) == ["[EMAIL]"]
    assert run(rehearse(CHAIN, OCCASION, request("x"), None)).reply is None


def test_what_is_refused_is_shown_with_the_fault() -> None:
    refused = run(rehearse(CHAIN, OCCASION, request("forbidden"), reply(Text("x"))))
    assert refused.request is None
    assert refused.fault is not None
    blocked = run(rehearse(CHAIN, OCCASION, request("a@b.org"), reply(Text("forbidden"))))
    assert blocked.request is not None
    assert blocked.reply is None
    assert blocked.reports[1].refused is not None


def test_a_backend_can_be_supposed() -> None:
    entry = {"policy": "inject_system", "text": "x", "when": {"backend": "openai"}}
    chain = compile_chain([entry], Environment())
    occasion = type(OCCASION)(user="a", backend="openai")
    result = run(rehearse(chain, occasion, request("a"), None))
    assert result.request is not None
    assert said(result.request) == ["x", "a"]


def test_without_a_policy_in_force_nothing_changes() -> None:
    given = request("a")
    assert run(rehearse(NO_CHAIN, OCCASION, given, None)) == Rehearsal(request=given)
