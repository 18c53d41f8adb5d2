from hypothesis import given
from hypothesis import strategies as st

from headgate.model.books import ExchangeRow
from headgate.storage import recent
from headgate.storage.journal import Batch, Position
from headgate.storage.recent import Recent
from tests.storage.samples import closed, settled


def _bodiless(exchange_id: str) -> ExchangeRow:
    return closed(exchange_id, request_body=None, response_body=None)


def at(offset: int) -> Position:
    return Position(1, offset)


def test_what_was_taken_is_given_up_to_the_end_asked_for() -> None:
    kept = Recent()
    rows = [settled("x1"), settled("x2"), settled("x3")]
    for number, row in enumerate(rows, 1):
        kept.take((row,), at(number * 10))
    assert kept.after(Position(), at(20), 500) == Batch((rows[0], rows[1]), at(20))
    assert kept.after(Position(), at(30), 2) == Batch((rows[0], rows[1]), at(20))
    kept.forget(at(20))
    assert kept.after(at(20), at(35), 2) == Batch((rows[2],), at(35))
    assert kept.after(Position(), at(30), 500) is None


def test_rows_that_were_written_at_once_are_given_together() -> None:
    kept = Recent()
    kept.take((settled("x1"), _bodiless("x1")), at(10))
    kept.take((settled("x2"), _bodiless("x2")), at(20))
    assert kept.after(Position(), at(20), 1) == Batch((settled("x1"), _bodiless("x1")), at(10))
    kept.forget(at(10))
    assert kept.after(at(10), at(20), 1) == Batch((settled("x2"), _bodiless("x2")), at(20))
    kept.take((settled("x3"), closed("x3")), at(30))  # it has bodies
    assert kept.after(at(20), at(30), 1) is None


def test_with_bodies_or_too_many_the_journal_is_read_until_all_is_written() -> None:
    kept = Recent()
    kept.take((closed("x1"),), at(10))
    kept.take((settled("x2"),), at(20))
    assert kept.after(Position(), at(20), 500) is None
    kept.begin_again(at(20))
    kept.take((settled("x3"),), at(30))
    assert kept.after(at(20), at(30), 500) == Batch((settled("x3"),), at(30))
    for number in range(recent.MOST):
        kept.take((settled(f"y{number}"),), at(40 + number))
    assert kept.after(at(20), at(10_000), 500) is None


@given(st.lists(st.integers(1, 5), max_size=30), st.integers(1, 4))
def test_every_row_is_given_once_and_in_order(pauses: list[int], most: int) -> None:
    kept, done, end, given_out, taken = Recent(), Position(), Position(1, 0), [], 0
    for pause in pauses:
        for _ in range(pause):
            taken += 1
            end = at(taken * 10)
            kept.take((settled(f"x{taken}"),), end)
        batch = kept.after(done, end, most)
        assert batch is not None
        given_out += [row.exchange_id for row in batch.records if hasattr(row, "exchange_id")]
        done = batch.next
        kept.forget(done)
    assert given_out == [f"x{number}" for number in range(1, len(given_out) + 1)]
