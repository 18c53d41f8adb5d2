import errno
import os
import pathlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.storage import journal
from headgate.storage.journal import Journal, Most, Position, WorkerAlive, WorkerLock
from tests.storage.samples import closed, intent, settled

ALL = Most(records=10_000, bytes=2**40)
RECORDS: list[journal.Record] = [intent(), settled(), closed(), intent("x2")]


def _read(folder: pathlib.Path, start: Position | None = None, most: Most = ALL) -> journal.Batch:
    return journal.read(folder, "w", start or Position(), None, most)


@pytest.mark.parametrize("record", RECORDS)
def test_a_line_reads_back_as_its_record(record: journal.Record) -> None:
    line = journal.line(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert journal.read_line(line) == record


@given(text=st.text(st.characters(exclude_categories=())), number=st.integers())
@settings(max_examples=60)
def test_any_text_and_number_of_a_peer_can_be_written(text: str, number: int) -> None:
    record = settled(error_message=text, prompt_tokens=number)
    back = journal.read_line(journal.line(record))
    assert back == record or back == settled(
        error_message=text.encode("utf-8", "replace").decode().replace("\x00", ""),
        prompt_tokens=max(-(2**63) + 1, min(2**63 - 1, number)),
    )


@given(st.data())
@settings(max_examples=60)
def test_a_torn_or_changed_line_is_no_record(data: st.DataObject) -> None:
    line = journal.line(settled())
    cut = data.draw(st.integers(0, len(line) - 1))
    assert journal.read_line(line[:cut]) is None
    spot = data.draw(st.integers(0, len(line) - 2))
    changed = bytes([line[spot] ^ data.draw(st.integers(1, 255))])
    assert journal.read_line(line[:spot] + changed + line[spot + 1 :]) is None


@given(st.binary())
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert journal.read_line(data) is None


def test_what_was_appended_is_read_in_order(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w")
    for record in RECORDS:
        book.append(record)
    batch = _read(tmp_path)
    assert list(batch.records) == RECORDS
    assert (batch.next, batch.damaged) == (book.end, ())
    book.close()


def test_reading_goes_on_where_a_batch_ended_over_all_segments(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w", segment_bytes=600)
    for number in range(40):
        book.append(settled(f"x{number}"))
        if book.is_full():
            book.rotate([])
    book.close()
    assert len(journal.segments(tmp_path, "w")) > 3
    found: list[journal.Record] = []
    place = Position()
    while (batch := _read(tmp_path, place, Most(records=3))).next != place:
        assert len(batch.records) <= 3
        found += batch.records
        place = batch.next
    assert found == [settled(f"x{number}") for number in range(40)]


def test_a_batch_is_bounded_in_bytes_but_takes_a_larger_record(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w")
    for number in range(3):
        book.append(closed(f"x{number}", response_body="y" * 5000))
    book.close()
    assert len(_read(tmp_path, most=Most(bytes=6000)).records) == 2
    assert len(_read(tmp_path, most=Most(bytes=10)).records) == 1


def test_what_comes_after_the_end_asked_for_is_not_read(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w")
    book.append(intent())
    end = book.end
    book.append(settled())
    book.close()
    assert journal.read(tmp_path, "w", Position(), end, ALL).records == (intent(),)


@given(cut=st.integers(1, 200))
@settings(max_examples=30)
def test_a_torn_last_line_costs_that_record_only(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    book = Journal(folder, "w")
    book.append(settled("x1"))
    book.append(settled("x2"))
    book.close()
    path = journal.segment_path(folder, "w", 1)
    os.truncate(path, path.stat().st_size - cut)
    batch = _read(folder)
    assert batch.records == (settled("x1"),)
    assert len(batch.damaged) == 1


def test_a_damaged_line_in_the_middle_costs_that_record_only(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w")
    for number in range(3):
        book.append(settled(f"x{number}"))
    book.close()
    path = journal.segment_path(tmp_path, "w", 1)
    path.write_bytes(path.read_bytes().replace(b'"x1"', b'"y1"'))
    batch = _read(tmp_path)
    assert batch.records == (settled("x0"), settled("x2"))
    assert b'"y1"' in batch.damaged[0]


def test_a_new_segment_begins_with_what_is_carried_and_the_old_can_go(
    tmp_path: pathlib.Path,
) -> None:
    book = Journal(tmp_path, "w", segment_bytes=10)
    book.append(intent())
    assert book.is_full()
    book.rotate([intent()])
    book.append(settled())
    book.forget_before(Position(2, 0))
    assert journal.segments(tmp_path, "w") == [2]
    assert _read(tmp_path).records == (intent(), settled())
    book.forget_before(Position(3, 0))
    assert journal.segments(tmp_path, "w") == [2]
    book.close(delete=True)
    assert list(tmp_path.iterdir()) == []


def test_a_segment_is_not_full_of_what_was_carried(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w", segment_bytes=600)
    book.rotate([intent(f"x{number}") for number in range(10)])
    assert book.end.offset > 600
    assert not book.is_full()
    book.append(closed())
    assert book.is_full()
    book.close()


def test_a_full_disk_leaves_no_half_record(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Journal(tmp_path, "w")
    book.append(intent())
    real = os.pwrite

    def half(file: int, data: bytes, offset: int) -> int:
        return real(file, data[: len(data) // 2], offset)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", half)
        with pytest.raises(OSError, match="part"):
            book.append(settled())
    book.append(closed())
    book.close()
    batch = _read(tmp_path)
    assert (batch.records, batch.damaged) == ((intent(), closed()), ())


def test_a_rotation_that_fails_goes_on_in_the_old_segment(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Journal(tmp_path, "w")
    book.append(intent())

    def full(file: int, data: bytes, offset: int) -> Any:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="full"):
            book.rotate([intent()])
    book.append(settled())
    assert journal.segments(tmp_path, "w") == [1]
    book.close()
    assert _read(tmp_path).records == (intent(), settled())


def test_sync_reaches_every_segment_and_is_harmless_after_close(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{file}").rpartition("/")[2])
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    book = Journal(tmp_path, "w")
    book.rotate([])
    book.sync()
    book.sync()
    book.close()
    book.sync()
    assert synced == ["w.00000001.journal", "w.00000002.journal", "w.00000002.journal"]


def test_the_journal_is_the_owners_alone(tmp_path: pathlib.Path) -> None:
    Journal(tmp_path, "w").close()
    assert journal.segment_path(tmp_path, "w", 1).stat().st_mode & 0o777 == 0o600


def test_a_worker_is_alive_while_it_holds_its_lock(tmp_path: pathlib.Path) -> None:
    lock = WorkerLock(tmp_path, "w")
    with pytest.raises(WorkerAlive):
        WorkerLock(tmp_path, "w")
    lock.abandon()
    assert journal.workers(tmp_path) == ["w"]
    WorkerLock(tmp_path, "w").release()
    assert journal.workers(tmp_path) == []


def test_a_lock_whose_file_was_taken_away_is_no_lock(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = WorkerLock(tmp_path, "w")
    real = os.open

    def open_then_lose(*arguments: Any, **options: Any) -> int:
        file = real(*arguments, **options)
        before.release()
        return file

    monkeypatch.setattr(os, "open", open_then_lose)
    with pytest.raises(WorkerAlive):
        WorkerLock(tmp_path, "w")


def test_lines_in_the_reserve_are_read_and_the_zeros_behind_them_are_not(
    tmp_path: pathlib.Path,
) -> None:
    book = Journal(tmp_path, "w")
    book.append(intent("x1"))
    book.append(settled("x1"))
    assert book.is_short
    book.make_reserve()
    assert not book.is_short
    book.use_reserve([intent("x2")])
    assert book.in_reserve
    book.append(settled("x2"))
    assert _read(tmp_path) == journal.Batch(
        (intent("x1"), settled("x1"), intent("x2"), settled("x2")), book.end
    )
    assert journal.read(tmp_path, "w", Position(2, 0), book.end, ALL).next == book.end
    book.make_reserve()
    book.rotate([intent("x2")])
    book.append(closed("x2"))
    assert _read(tmp_path).records[-2:] == (intent("x2"), closed("x2"))
    assert not book.in_reserve
    book.close(delete=True)
    assert list(tmp_path.iterdir()) == []


@given(cut=st.integers(1, 100))
@settings(max_examples=20, deadline=None)
def test_a_line_torn_in_the_reserve_costs_that_record_only(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    book = Journal(folder, "w", segment_bytes=10_000)
    book.make_reserve()
    book.use_reserve([])
    book.append(settled("x1"))
    book.append(settled("x2"))
    with journal.segment_path(folder, "w", 2).open("r+b") as file:
        file.seek(book.end.offset - cut)
        file.write(bytes(cut))
    batch = _read(folder)
    assert batch.records == (settled("x1"),)
    assert len(batch.damaged) == 1
    assert len(batch.damaged[0]) < 1000


def test_a_reserve_too_small_for_what_is_open_is_left_alone(tmp_path: pathlib.Path) -> None:
    book = Journal(tmp_path, "w", segment_bytes=500)
    book.make_reserve()
    book.append(intent("x1"))
    end = book.end
    with pytest.raises(OSError, match="used up"):
        book.use_reserve([intent(f"x{number}") for number in range(10)])
    assert (book.end, book.in_reserve) == (end, False)
    book.append(settled("x1"))
    assert _read(tmp_path).records == (intent("x1"), settled("x1"))
    book.close(delete=True)
