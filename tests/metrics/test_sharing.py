"""Workers that tell each other what they counted."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from headgate.metrics.family import Family, Labels, Row
from headgate.metrics.sample import alone
from headgate.metrics.sharing import FORGOTTEN_S, FRESH_S, Sharing, Words, add_up, words_of

GAUGE = alone("up", "Up.", 1.0)


def families(*counts: tuple[str, float]) -> list[Family]:
    counter = Family("a_total", "A.", ("x",))
    for label, count in counts:
        counter.add((label,), count)
    return [counter, Family("b_seconds", "B.", (), (1.0,))]


def age(path: Path, seconds: float) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_what_all_of_them_said_is_added_up(tmp_path: Path) -> None:
    workers = [Sharing(tmp_path, "g", number) for number in range(3)]
    for number, worker in enumerate(workers):
        worker.publish(words_of(families(("one", 1), (str(number), number)), [GAUGE]))
    said = dict(workers[0].others())
    assert sorted(said) == ["1", "2"]
    assert said["1"].gauges == (GAUGE,)
    whole = families(("one", 1))
    add_up(whole, list(said.values()))
    assert whole[0].rows == {("one",): [3], ("1",): [1], ("2",): [2]}


def test_what_is_said_is_a_copy(tmp_path: Path) -> None:
    counted = families(("one", 1))
    words = words_of(counted, ())
    counted[0].add(("one",))
    assert words.rows["a_total"] == ((("one",), [1.0]),)


def test_a_worker_in_the_place_of_a_dead_one_goes_on_from_its_counts(tmp_path: Path) -> None:
    Sharing(tmp_path, "g", 1).publish(words_of(families(("one", 5)), ()))
    new = families()
    Sharing(tmp_path, "g", 1).inherit(new)
    assert new[0].rows == {("one",): [5]}


def test_another_group_is_not_added_and_forgotten_in_the_end(tmp_path: Path) -> None:
    Sharing(tmp_path, "old", 0).publish(words_of(families(("one", 5)), ()))
    fresh = Sharing(tmp_path, "new", 0)
    fresh.inherit([])
    assert list(fresh.others()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["old-0.json"]
    age(tmp_path / "old-0.json", FORGOTTEN_S + 1)
    fresh.inherit([])
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_fell_silent_keeps_its_counts_and_loses_its_gauges(tmp_path: Path) -> None:
    Sharing(tmp_path, "g", 1).publish(words_of(families(("one", 5)), [GAUGE]))
    age(tmp_path / "g-1.json", FRESH_S + 1)
    ((number, words),) = Sharing(tmp_path, "g", 0).others()
    assert (number, words.gauges) == ("1", ())
    assert words.rows["a_total"] == ((("one",), [5.0]),)


@pytest.mark.parametrize("text", [b"", b"{", b'{"rows": 3}', b"\xff"])
def test_a_damaged_file_is_reported_and_left_out(
    tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    sharing = Sharing(tmp_path, "g", 0)
    (tmp_path / "g-1.json").write_bytes(text)
    assert list(sharing.others()) == []
    assert "cannot be read" in caplog.text


def test_rows_of_another_version_are_left_out(tmp_path: Path) -> None:
    words = msgspec.structs.replace(
        words_of(families(), ()),
        rows={"a_total": ((("x", "y"), [1.0]), (("x",), [1.0, 2.0])), "gone_total": ()},
    )
    whole = families()
    add_up(whole, [words])
    assert whole[0].rows == {}


def test_two_who_speak_for_one_worker_take_turns(tmp_path: Path) -> None:
    one, other = Sharing(tmp_path, "g", 0), Sharing(tmp_path, "g", 1)
    rows: dict[str, tuple[tuple[Labels, Row], ...]] = {
        f"family_{n}": ((("a",), [float(n)] * 50),) for n in range(200)
    }
    with ThreadPoolExecutor(4) as threads:
        for said in [threads.submit(other.publish, Words(rows)) for _ in range(40)]:
            said.result()
    ((_, words),) = one.others()
    assert len(words.rows) == 200
