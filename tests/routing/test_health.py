from headgate.model.fault import Fault
from headgate.routing.health import FAILURES_TO_REST, LONGEST_REST_S, REST_S, Health

_BROKEN = Fault(kind="upstream_error", message="broken")


def test_load_goes_up_and_comes_back_to_zero() -> None:
    health = Health()
    health.of("a").started()
    health.of("a").started()
    health.of("a").ended()
    assert health.of("a").in_flight == 1
    health.of("a").ended()
    assert health.of("a").in_flight == 0


def test_a_backend_that_names_a_waiting_time_rests_that_long() -> None:
    health = Health()
    health.of("a").failed(Fault(kind="rate_limited", message="slow down", retry_after_s=7), now=100)
    assert health.rests_until("a") == 107
    assert health.rests_until("b") == 0


def test_no_backend_can_order_a_rest_without_end() -> None:
    health = Health()
    health.of("a").failed(Fault(kind="rate_limited", message="", retry_after_s=1e9), now=0)
    assert health.rests_until("a") == LONGEST_REST_S


def test_five_failures_in_a_row_make_a_suspect_for_a_while() -> None:
    health = Health()
    for _ in range(FAILURES_TO_REST - 1):
        health.of("a").failed(_BROKEN, now=0)
    assert not health.is_suspected("a", now=0)
    health.of("a").failed(_BROKEN, now=0)
    assert health.is_suspected("a", now=REST_S - 1)
    assert not health.is_suspected("a", now=REST_S)


def test_a_success_clears_the_suspicion() -> None:
    health = Health()
    for _ in range(FAILURES_TO_REST):
        health.of("a").failed(_BROKEN, now=0)
    health.of("a").succeeded(0.1)
    assert not health.is_suspected("a", now=0)
    assert health.of("a").failures == 0


def test_failing_fast_does_not_look_fast() -> None:
    health = Health()
    health.of("good").succeeded(0.5)
    health.of("refuses").failed(_BROKEN, now=0)
    assert health.of("refuses").first_event_s > health.of("good").first_event_s


def test_speed_is_a_moving_average() -> None:
    health = Health()
    health.of("a").succeeded(1.0)
    health.of("a").succeeded(2.0)
    assert 1.0 < health.of("a").first_event_s < 2.0
