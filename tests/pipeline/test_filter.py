import pytest
from typing_extensions import override

from headgate.pipeline.exchange import Attempt, Exchange
from headgate.pipeline.filter import Filter, Phases, bind, call_each
from headgate.routing.target import Target
from tests.pipeline.fakes import Notes, Scene

NOTHING = Phases((), (), (), (), ())


class Last(Filter):
    """Overrides what ``Notes`` does not."""

    @override
    async def admit(self, exchange: Exchange) -> None:
        exchange.headers["admitted"] = "yes"

    @override
    def choose(self, exchange: Exchange, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        return targets[::-1]


def test_a_phase_that_nobody_overrides_costs_nothing() -> None:
    assert bind([]) == NOTHING
    assert bind([Filter(), Filter()]) == NOTHING


def test_overridden_phases_stand_in_the_lists_order() -> None:
    first, second, last = Notes(), Notes(), Last()
    phases = bind([first, last, second])
    assert phases.settle == (first.settle, second.settle)
    assert phases.prepare == (first.prepare, second.prepare)
    assert phases.close == (first.close, second.close)
    assert phases.admit == (last.admit,)
    assert phases.choose == (last.choose,)


class Late(Filter):
    """Overrides the phase that nearly nobody needs."""

    @override
    def amend(self, exchange: Exchange) -> None:
        exchange.headers["amended"] = "yes"


def test_what_comes_after_the_end_is_bound_like_the_rest() -> None:
    late = Late()
    assert bind([Notes(), late]).amend == (late.amend,)


class Heir(Last):
    """Overrides nothing itself."""


def test_what_is_inherited_from_another_filter_counts() -> None:
    assert len(bind([Heir()]).admit) == 1


async def test_a_filter_that_overrides_nothing_changes_nothing() -> None:
    exchange, nothing = Scene().exchange, Filter()
    targets = (Target("a", "m"),)
    attempt = Attempt(1, targets[0], 0.0, 0.0)
    assert nothing.admit(exchange) is None
    nothing.prepare(exchange, attempt)
    nothing.settle(exchange, attempt)
    nothing.close(exchange)
    nothing.amend(exchange)
    assert nothing.choose(exchange, targets) is targets
    assert exchange.attempts == []


def test_a_bug_in_one_keeps_no_other_from_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    called: list[str] = []

    def fails(name: str) -> None:
        raise ZeroDivisionError(name)

    call_each((called.append, fails, called.append), "settled")
    assert called == ["settled", "settled"]
    assert "ZeroDivisionError: settled" in caplog.text
