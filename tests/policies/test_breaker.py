from headgate.policies.breaker import Breaker


def test_it_opens_after_so_many_failures_in_a_row_and_tries_once_after_its_rest() -> None:
    breaker = Breaker(2, 10.0)
    breaker.failed(0.0)
    breaker.succeeded()
    breaker.failed(1.0)
    assert breaker.lets(1.0)
    breaker.failed(2.0)
    assert not breaker.lets(11.9)
    assert breaker.lets(12.0)
    assert not breaker.lets(12.1)
    breaker.failed(13.0)
    assert not breaker.lets(22.9)
    assert breaker.lets(23.0)
    breaker.succeeded()
    assert breaker.lets(23.0)
