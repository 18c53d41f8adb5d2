from headgate.admin.throttle import MOST_FAILURES, WINDOW_S, Throttle


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
