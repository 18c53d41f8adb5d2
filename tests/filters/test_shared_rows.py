import json
import subprocess
import sys

import pytest

from headgate.filters.shared_rows import BEFORE, SINCE, Row, Seat, SharedRows
from headgate.model.limits import Subject
from tests.filters import racing

ALICE: Subject = ("user", "alice")


def scene(name: str) -> tuple[dict[str, object], str]:
    """What came of processes that share rows, and what they said."""
    command = [sys.executable, "-m", "tests.filters.racing", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout), done.stderr


def row_of(seat: Seat, subject: Subject = ALICE) -> Row:
    row = seat.row(subject)
    assert row is not None
    return row


def test_workers_find_the_same_row_whoever_asks_first() -> None:
    shared = SharedRows(2)
    first, second = Seat(shared, 0), Seat(shared, 1)
    subjects: list[Subject] = [ALICE, ("key", "alice"), ("user", "\ud800"), ("key", "k" * 500)]
    for place, subject in enumerate(subjects):
        row_of((first, second)[place % 2], subject).rates[0] = place + 1
    for seat in (first, second, Seat(shared, 0)):
        assert [row_of(seat, subject).rates[0] for subject in subjects] == [1, 2, 3, 4]
    assert shared.used == len(subjects)


def test_no_two_numbers_lie_in_the_same_place() -> None:
    shared = SharedRows(3, capacity=2)
    rows = [row_of(Seat(shared, worker), ("user", str(n))) for n in (0, 1) for worker in (0, 1, 2)]
    common = [numbers for row in rows[::3] for numbers in (row.rates, row.budget)]
    places = [(numbers, at) for numbers in common for at in range(len(numbers))]
    places += [(numbers, row.own) for row in rows for numbers in (row.running, row.held)]
    for value, (numbers, at) in enumerate(places):
        numbers[at] = value
    assert [numbers[at] for numbers, at in places] == list(range(len(places)))
    assert row_of(Seat(shared, 0), ("user", "1")).number == 1


def test_more_accounts_than_there_is_room_for_have_no_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared = SharedRows(2, capacity=1)
    seat = Seat(shared, 0)
    row_of(seat)
    assert [seat.row(("user", str(n))) for n in range(3)] == [None] * 3
    assert seat.rows([("user", "0"), ALICE]) == [row_of(seat)]
    assert [record.message.startswith("1 users and keys") for record in caplog.records] == [True]


def test_all_lock_in_the_same_order() -> None:
    seat = Seat(SharedRows(2), 0)
    one, other = row_of(seat, ("user", "b")), row_of(seat, ("key", "a"))
    subjects: list[Subject] = [("user", "b"), ("key", "a")]
    assert seat.rows(subjects) == seat.rows(subjects[::-1]) == [one, other]


def test_who_takes_the_place_of_one_that_died_takes_back_what_ran() -> None:
    shared = SharedRows(2)
    mine, others = row_of(Seat(shared, 0)), row_of(Seat(shared, 1))
    for row, running, held in ((mine, 2, 0.5), (others, 3, 0.25)):
        row.running[row.own], row.held[row.own] = running, held
    mine.budget[BEFORE], mine.budget[SINCE] = 4.0, 1.0
    row = row_of(Seat(shared, 0))
    assert ([*row.running], [*row.held]) == ([0, 3], [0, 0.25])
    assert (row.budget[BEFORE], row.budget[SINCE]) == (4.0, 1.5)


def test_in_a_race_nothing_is_given_out_twice_and_nothing_lost() -> None:
    came, said = scene("race")
    # On a busy machine they may come one after another.
    assert came.pop("crowd") in range(1, racing.CONCURRENT + 1)
    assert came == {
        "ends": [0] * racing.WORKERS,
        "admitted": racing.LIMIT,
        "spent": racing.LIMIT * racing.COST_USD,
        "left": [0] * 2 * racing.WORKERS,
    }
    assert said == ""


def test_one_that_dies_in_the_midst_holds_nobody_up() -> None:
    assert scene("dead") == ({"answer": "Reservation"}, "")


def test_one_that_is_stopped_in_the_midst_holds_nobody_up_for_long() -> None:
    came, said = scene("stopped")
    assert came == {"answers": ["Reservation"] * 3}
    assert said.count("does not let go") == 1
