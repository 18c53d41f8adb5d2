import pytest

from headgate.filters.strangers import A_SECOND, BURST, SAID_EVERY_S, Strangers


def test_the_first_have_rows_and_of_a_flood_a_few_a_second() -> None:
    strangers = Strangers()
    assert sum(strangers.is_worth_a_row(100.0) for _ in range(10_000)) == BURST
    later = [strangers.is_worth_a_row(100.0 + number / 1000) for number in range(10_000)]
    assert sum(later) == pytest.approx(10 * A_SECOND, abs=1)


def test_who_comes_now_and_then_has_always_one() -> None:
    strangers = Strangers()
    assert all(strangers.is_worth_a_row(float(second)) for second in range(1000))


def test_those_without_are_counted_and_said_once_in_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    strangers = Strangers()
    for _ in range(BURST + 50):
        strangers.is_worth_a_row(100.0)
    strangers.is_worth_a_row(100.0 + SAID_EVERY_S)
    strangers.is_worth_a_row(100.0 + SAID_EVERY_S)
    assert [record.message for record in caplog.records] == [
        "50 requests without a valid key have no row",
    ]
