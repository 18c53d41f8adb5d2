from headgate.policies.duty import Terms
from headgate.policies.kind import Prepared
from headgate.policies.nodes import Branch, Link, Parallel, Sequence, asks_backend, steps
from headgate.policies.occasion import Occasion
from headgate.policies.policy import Policy
from headgate.policies.when import Condition, WhenSettings

ALICE = Condition(WhenSettings(user="alice"))
OPENAI = Condition(WhenSettings(backend="openai"))


ALWAYS = Condition()


def link(condition: Condition = ALWAYS) -> Link:
    return Link(Terms(name="p"), Prepared(lambda _occasion: Policy()), condition)


def test_conditions_are_answered_from_the_outside_in() -> None:
    one, two, three, four = link(), link(ALICE), link(), link()
    beside = Parallel("p", Condition(), (two,))
    chain = (
        Sequence(ALICE, (one, two)),
        Branch(Condition(), (Sequence(ALICE, (three,)), Sequence(Condition(), (four,)))),
        Branch(ALICE, (Sequence(Condition(), ()),)),
        beside,
    )
    assert list(steps(chain, Occasion(user="alice"))) == [one, two, three, beside]
    assert list(steps(chain, Occasion(user="bob"))) == [four, beside]


def test_a_branch_without_a_case_that_fits_does_nothing() -> None:
    assert list(steps((Branch(Condition(), (Sequence(ALICE, (link(),)),)),), Occasion())) == []


def test_a_backend_that_is_asked_for_anywhere_is_found() -> None:
    assert not asks_backend((link(), Sequence(ALICE, (link(),))))
    assert asks_backend((link(), link(OPENAI)))
    assert asks_backend((Sequence(Condition(), (link(OPENAI),)),))
    assert asks_backend((Parallel("p", Condition(), (link(OPENAI),)),))
    assert asks_backend((Branch(Condition(), (Sequence(OPENAI, ()),)),))
