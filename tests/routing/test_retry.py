from hypothesis import given
from hypothesis import strategies as st

from headgate.model.fault import Fault
from headgate.routing.retry import (
    BUDGET_FLOOR,
    BUDGET_SHARE,
    BUDGET_WINDOW_S,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    Budget,
    Failure,
    next_try,
    pause_s,
)
from headgate.routing.target import Condition, Route, Target

A, B = Target("a", "m"), Target("b", "m")
_FAULT = Fault(kind="upstream_error", message="broken")


def _failure(condition: Condition | None = "5xx") -> Failure:
    return Failure(_FAULT, condition)


def test_another_target_is_tried_at_once() -> None:
    route = Route(name="r", targets=(A, B))
    chosen = next_try(route, (A, B), [A], _failure(), 0.9)
    assert chosen is not None
    assert (chosen.target, chosen.pause_s) == (B, 0.0)


def test_what_is_the_callers_fault_is_not_tried_again() -> None:
    route = Route(name="r", targets=(A, B))
    assert next_try(route, (A, B), [A], _failure(None), 0.5) is None


def test_only_the_conditions_of_the_route_count() -> None:
    route = Route(name="r", targets=(A, B), fallback_on=frozenset(("429",)))
    assert next_try(route, (A, B), [A], _failure("5xx"), 0.5) is None
    assert next_try(route, (A, B), [A], _failure("429"), 0.5) is not None


def test_retries_are_counted_over_all_targets() -> None:
    route = Route(name="r", targets=(A, B), retries=1)
    assert next_try(route, (A, B), [A], _failure(), 0.5) is not None
    assert next_try(route, (A, B), [A, B], _failure(), 0.5) is None


def test_the_same_target_is_asked_again_after_a_pause() -> None:
    route = Route(name="r", targets=(A,), retries=2)
    chosen = next_try(route, (A,), [A], _failure(), 0.5)
    assert chosen is not None
    assert chosen.target is A
    assert chosen.pause_s == FIRST_PAUSE_S * 0.5


def test_a_slow_or_limited_target_is_not_asked_again() -> None:
    route = Route(name="r", targets=(A,), retries=2)
    assert next_try(route, (A,), [A], _failure("timeout"), 0.5) is None
    assert next_try(route, (A,), [A], _failure("429"), 0.5) is None


def test_a_refused_credential_is_not_tried_twice() -> None:
    route = Route(name="r", targets=(A,), retries=2)
    refused = Failure(Fault(kind="upstream_auth", message=""), "5xx")
    assert next_try(route, (A,), [A], refused, 0.5) is None


def test_a_route_nobody_declared_repeats_only_what_was_never_sent() -> None:
    route = Route(name="r", targets=(A,), declared=False)
    assert next_try(route, (A,), [A], _failure("5xx"), 0.5) is None
    unsent = Failure(_FAULT, "connect", "nothing")
    assert next_try(route, (A,), [A], unsent, 0.5) is not None


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_pauses_are_jittered_over_their_whole_length_and_bounded(n: int, chance: float) -> None:
    assert 0 <= pause_s(n, chance) <= LONGEST_PAUSE_S
    assert pause_s(n, 0.0) == 0


def test_a_failing_backend_is_asked_at_most_a_fifth_more_often() -> None:
    budget = Budget()
    requests = 1000
    retries = 0
    for number in range(requests):
        now = number / requests * BUDGET_WINDOW_S
        budget.note_request(now)
        retries += budget.take(now)
    assert retries <= requests * BUDGET_SHARE + BUDGET_FLOOR


def test_a_quiet_gateway_may_always_retry_a_little() -> None:
    budget = Budget()
    assert all(budget.take(0.0) for _ in range(BUDGET_FLOOR))
    assert not budget.take(0.0)
    assert budget.take(BUDGET_WINDOW_S + 0.1)
