import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.fault import Fault
from headgate.routing.health import FAILURES_TO_REST, Health
from headgate.routing.strategy import awake, order
from headgate.routing.target import Route, Strategy, Target

A, B, C = Target("a", "m", weight=3), Target("b", "m", weight=1), Target("c", "m", priority=1)
ALL: list[Strategy] = [
    "weighted", "round_robin", "least_busy", "fastest", "cheapest", "hash", "priority",
]  # fmt: skip


def _firsts(route: Route, health: Health, draws: Iterator[float], rounds: int) -> Counter[str]:
    return Counter(order(route, health, 0.0, lambda: next(draws))[0].backend for _ in range(rounds))


def _chances() -> Iterator[float]:
    source = random.Random(7)
    while True:
        yield source.random()


@given(st.sampled_from(ALL), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_every_strategy_gives_every_target_once(strategy: Strategy, weights: list[int]) -> None:
    targets = tuple(Target(str(i), "m", weight=w) for i, w in enumerate(weights))
    route = Route(name="r", targets=targets, strategy=strategy)
    chances = _chances()
    ordered = order(route, Health(), 0.0, lambda: next(chances), hash_key="k")
    assert sorted(t.backend for t in ordered) == sorted(t.backend for t in targets)


@pytest.mark.parametrize("strategy", ALL)
def test_priority_outranks_every_strategy(strategy: Strategy) -> None:
    route = Route(name="r", targets=(C, B, A), strategy=strategy)
    chances = _chances()
    assert order(route, Health(), 0.0, lambda: next(chances), "k")[2] is C


def test_weights_are_the_share_of_first_tries() -> None:
    route = Route(name="r", targets=(A, B))
    firsts = _firsts(route, Health(), _chances(), 4000)
    assert 0.70 < firsts["a"] / 4000 < 0.80


def test_a_target_of_weight_zero_is_the_last_resort() -> None:
    route = Route(name="r", targets=(Target("idle", "m", weight=0), B))
    assert _firsts(route, Health(), _chances(), 200) == {"b": 200}


def test_round_robin_takes_turns_by_weight_without_chance() -> None:
    route = Route(name="r", targets=(A, B), strategy="round_robin")
    health = Health()
    firsts = [order(route, health, 0.0, lambda: 0.0)[0].backend for _ in range(8)]
    assert firsts == ["a", "a", "b", "a"] * 2


def test_least_busy_counts_what_runs_against_the_weight() -> None:
    route = Route(name="r", targets=(A, B), strategy="least_busy")
    health = Health()
    for _ in range(4):
        health.of(A.key).started()
    health.of(B.key).started()
    assert order(route, health, 0.0, lambda: 0.5)[0] is B
    health.of(B.key).started()
    assert order(route, health, 0.0, lambda: 0.5)[0] is A


def test_fastest_goes_by_the_time_to_the_first_event() -> None:
    route = Route(name="r", targets=(A, B), strategy="fastest")
    health = Health()
    health.of(A.key).succeeded(0.9)
    health.of(B.key).succeeded(0.2)
    assert order(route, health, 0.0, lambda: 0.5)[0] is B


def test_cheapest_goes_by_price() -> None:
    route = Route(name="r", targets=(A, B), strategy="cheapest")
    prices = {"a": 2.0, "b": 1.0}
    ordered = order(route, Health(), 0.0, lambda: 0.5, price_of=lambda t: prices[t.backend])
    assert ordered == (B, A)


def test_one_session_stays_with_one_target() -> None:
    route = Route(name="r", targets=(A, B, Target("d", "m")), strategy="hash")
    chances = _chances()
    firsts = {order(route, Health(), 0.0, lambda: next(chances), "s1")[0] for _ in range(50)}
    assert len(firsts) == 1


def test_when_a_target_goes_only_its_own_sessions_move() -> None:
    targets = tuple(Target(name, "m") for name in "abcd")
    before = Route(name="r", targets=targets, strategy="hash")
    after = Route(name="r", targets=targets[1:], strategy="hash")
    for number in range(200):
        was = order(before, Health(), 0.0, lambda: 0.5, f"s{number}")[0]
        now = order(after, Health(), 0.0, lambda: 0.5, f"s{number}")[0]
        assert now == was or was.backend == "a"


def test_without_a_session_hash_is_weighted() -> None:
    route = Route(name="r", targets=(A, B), strategy="hash")
    assert len(_firsts(route, Health(), _chances(), 200)) == 2


def test_a_suspect_goes_last_but_is_never_left_out() -> None:
    route = Route(name="r", targets=(A, B))
    health = Health()
    for _ in range(FAILURES_TO_REST):
        health.of(A.key).failed(Fault(kind="upstream_error", message=""), now=0)
    assert order(route, health, 1.0, lambda: 0.5) == (B, A)


def test_who_was_told_to_wait_is_not_awake_before_time() -> None:
    health = Health()
    health.of(A.key).failed(Fault(kind="rate_limited", message="", retry_after_s=5), now=0)
    assert awake((A, B), health, 4.9) == (B,)
    assert awake((A, B), health, 5.0) == (A, B)
