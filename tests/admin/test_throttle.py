import pytest

from headgate.admin.throttle import (
    MOST_FAILURES,
    WINDOW_S,
    LoginThrottle,
    Throttle,
    TooHasty,
    network_of,
)


def failing(throttle: Throttle, times: int = MOST_FAILURES) -> None:
    for at in range(times):
        throttle.failed("a", float(at))


def test_a_few_failures_cost_nothing() -> None:
    throttle = Throttle()
    failing(throttle, MOST_FAILURES - 1)
    assert throttle.wait_s("a", 10.0) == 0


def test_too_many_failures_cost_a_wait_until_the_oldest_is_forgotten() -> None:
    throttle = Throttle()
    failing(throttle)
    assert throttle.wait_s("a", 10.0) == WINDOW_S - 10
    assert throttle.wait_s("a", WINDOW_S) == 0
    assert throttle.wait_s("b", 10.0) == 0


def test_a_success_wipes_the_slate() -> None:
    throttle = Throttle()
    failing(throttle)
    throttle.succeeded("a")
    assert throttle.wait_s("a", 10.0) == 0


def test_many_sources_are_kept_in_bounded_memory() -> None:
    throttle = Throttle(most_kept=10)
    failing(throttle)
    for number in range(10):
        throttle.failed(str(number), 10.0)
    assert throttle.wait_s("a", 10.0) == 0


def trying(
    throttle: LoginThrottle, address: str, name: str | None, passed: bool | None, now: float = 1.0
) -> None:
    with throttle.attempt(address, name, now) as attempt:
        attempt.passed = passed


def test_a_name_that_is_guessed_at_from_many_addresses_waits() -> None:
    throttle = LoginThrottle()
    for number in range(MOST_FAILURES):
        trying(throttle, f"10.0.0.{number}", "alice", False)
    with pytest.raises(TooHasty) as hasty:
        trying(throttle, "10.0.1.1", "alice", True, 2.0)
    assert hasty.value.wait_s == WINDOW_S - 1
    trying(throttle, "10.0.1.1", "bob", True, 2.0)


def test_an_address_that_guesses_at_many_names_waits() -> None:
    throttle = LoginThrottle()
    for number in range(MOST_FAILURES):
        trying(throttle, "2001:db8::1", f"user{number}", False)
    with pytest.raises(TooHasty):
        trying(throttle, "2001:db8::2", "alice", True)
    trying(throttle, "2001:db8:0:1::2", "alice", True)


def test_a_success_forgives_its_name_and_not_its_address() -> None:
    throttle = LoginThrottle()
    for _ in range(MOST_FAILURES - 1):
        trying(throttle, "10.0.0.1", "alice", False)
    trying(throttle, "10.0.0.1", "alice", True)
    trying(throttle, "10.0.0.2", "alice", False)
    trying(throttle, "10.0.0.1", "bob", False)
    with pytest.raises(TooHasty):
        trying(throttle, "10.0.0.1", "bob", True)


def test_what_was_never_decided_counts_for_nothing() -> None:
    throttle = LoginThrottle()
    for _ in range(MOST_FAILURES * 2):
        trying(throttle, "10.0.0.1", "alice", None)
        with pytest.raises(ZeroDivisionError), throttle.attempt("10.0.0.1", "alice", 1.0):
            raise ZeroDivisionError
    trying(throttle, "10.0.0.1", "alice", True)


def test_tries_that_are_still_running_count() -> None:
    throttle = LoginThrottle()
    running = [throttle.attempt("10.0.0.1", "alice", 1.0) for _ in range(MOST_FAILURES)]
    for one in running:
        one.__enter__()
    with pytest.raises(TooHasty):
        trying(throttle, "10.0.0.1", None, True)
    for one in running:
        one.__exit__(None, None, None)
    trying(throttle, "10.0.0.1", None, True)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_address_belongs_to_whom_it_was_given(address: str, network: str) -> None:
    assert network_of(address) == network
