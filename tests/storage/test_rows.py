from headgate.storage import rows
from tests.storage.samples import closed, settled, without_bodies


def test_an_exchange_comes_back_as_it_was() -> None:
    row = closed()
    assert rows.exchange(rows.exchange_values(row), rows.body_values(row)) == row


def test_flags_come_back_from_a_database_without_booleans() -> None:
    values = {**rows.exchange_values(without_bodies(closed())), "stream": 1, "detail_logged": 0}
    back = rows.exchange(values)
    assert (back.stream, back.detail_logged) == (True, False)
    assert isinstance(back.stream, bool)


def test_no_body_makes_no_row_and_an_empty_one_does() -> None:
    assert rows.body_values(without_bodies(closed())) is None
    assert rows.body_values(closed(request_body="", response_body=None)) is not None


def test_an_attempt_comes_back_as_it_was() -> None:
    assert rows.attempt(rows.attempt_values(settled())) == settled()
