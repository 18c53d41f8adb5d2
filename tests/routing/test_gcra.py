import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.limits import Rate
from headgate.routing import gcra

RATE = Rate("tokens", 60, 60.0)
NEVER = -1e9
"""When a rate that nobody has used was paid off."""


def spend(paid_at: float, now: float, amount: float) -> float | None:
    """The new time of payment; None where the amount does not fit."""
    slot = gcra.take(RATE, paid_at, now, amount)
    return None if gcra.wait_s(slot, now) else slot.end


def test_the_whole_limit_may_be_used_at_once() -> None:
    paid_at: float | None = NEVER
    for _ in range(60):
        assert paid_at is not None
        paid_at = spend(paid_at, 100.0, 1)
    assert paid_at == pytest.approx(160.0)
    assert spend(160.0, 100.0, 1) is None


def test_what_was_used_comes_back_steadily() -> None:
    assert spend(160.0, 100.5, 1) is None
    assert spend(160.0, 101.0, 1) == pytest.approx(161.0)


def test_the_wait_is_as_long_as_it_must_be() -> None:
    slot = gcra.take(RATE, 160.0, 100.0, 10)
    assert gcra.wait_s(slot, 100.0) == pytest.approx(10.0)
    assert gcra.wait_s(gcra.take(RATE, 160.0, 110.0, 10), 110.0) == 0.0


def test_more_than_the_limit_waits_for_all_of_it_and_not_for_ever() -> None:
    assert spend(NEVER, 100.0, 1000) == pytest.approx(160.0)
    slot = gcra.take(RATE, 101.0, 100.0, 1000)
    assert gcra.wait_s(slot, 100.0) == pytest.approx(1.0)


def test_what_was_not_used_comes_back() -> None:
    slot = gcra.take(RATE, NEVER, 100.0, 50)
    assert gcra.settle(slot, slot.end, 20, 100.0) == pytest.approx(120.0)


def test_what_time_has_paid_off_does_not_come_back_twice() -> None:
    slot = gcra.take(RATE, NEVER, 100.0, 50)
    assert gcra.settle(slot, slot.end, 20, 140.0) == pytest.approx(140.0)
    others = 200.0
    assert gcra.settle(slot, others, 0, 160.0) == others


def test_what_was_used_beyond_the_reservation_is_owed() -> None:
    slot = gcra.take(RATE, NEVER, 100.0, 10)
    assert gcra.settle(slot, slot.end, 100, 105.0) == pytest.approx(200.0)
    assert gcra.settle(slot, slot.end, 100, 300.0) == pytest.approx(390.0)


def test_standing_tells_what_is_left_and_when_all_is() -> None:
    fresh = gcra.standing(RATE, NEVER, 100.0)
    assert (fresh.remaining, fresh.reset_s) == (60, 0.0)
    used = gcra.standing(RATE, 110.0, 100.0)
    assert (used.counted, used.limit, used.remaining) == ("tokens", 60, 50)
    assert used.reset_s == pytest.approx(10.0)
    assert gcra.standing(RATE, 500.0, 100.0).remaining == 0


steps = st.lists(st.tuples(st.floats(0, 30), st.integers(0, 80), st.integers(0, 80)), max_size=30)


@given(steps)
def test_no_settlement_gives_more_than_the_limit(
    history: list[tuple[float, int, int]],
) -> None:
    """However much is reserved and settled, what may be used is never more than was paid off."""
    now, paid_at, used = 0.0, NEVER, 0.0
    for pause_s, reserved, truth in history:
        now += pause_s
        slot = gcra.take(RATE, paid_at, now, reserved)
        if gcra.wait_s(slot, now):
            continue
        paid_at = gcra.settle(slot, slot.end, truth, now)
        used += truth
        beyond = max(0, truth - min(reserved, RATE.limit))
        assert used <= RATE.limit + now + beyond + 1e-3
