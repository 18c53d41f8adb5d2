from headgate import policies
from headgate.model.parts import Text
from headgate.policies.policy import AskAgain, Policy, Refuse, overrides, waits
from tests.policies.drive import reply, request, run
from tests.policies.strangers import Calls, Last, LateCalls, Reverse, Shout


def test_what_users_need_stands_in_one_place() -> None:
    assert policies.Policy is Policy
    assert policies.Refuse is Refuse
    assert set(policies.__all__) == {"DROP", "Policy", "Refuse", "ToolVerdict"}


def test_a_policy_reads_what_its_hooks_look_at() -> None:
    assert Policy().reads() == frozenset()
    assert Shout().reads() == {"text"}
    assert Calls().reads() == {"tool_calls"}
    assert Last().reads() == {"reply"}


def test_hooks_that_are_not_overridden_do_nothing() -> None:
    policy = Policy()
    assert policy.on_request(request()) is None
    assert policy.on_text("a") == "a"
    assert policy.on_reply(reply(Text("a"))) is None
    assert policy.open_flow("text", 0) is None
    policy.on_end("complete")
    policy.note("to nobody")
    assert not overrides(policy, "on_text")


def test_a_hook_may_wait_for_somebody() -> None:
    assert waits(Reverse(), "on_text")
    assert waits(LateCalls(), "on_tool_call")
    assert not waits(Shout(), "on_text")
    assert run(Reverse().on_text("abc")) == "cba"


def test_a_refusal_says_why() -> None:
    assert str(Refuse("why")) == "why"
    assert isinstance(AskAgain("why"), Refuse)
    assert Refuse().why == ""
