import pathlib

import pytest

from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.storage import journal
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Journal, Most, Record, WorkerLock
from headgate.storage.recovery import WHY, OpenIntents, recover
from headgate.storage.request_log import RequestLog
from headgate.storage.set_aside import FILE
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import AT, closed, intent, settled

MOST = Most(records=3)


def _never(record: Record, refusal: RowRefused) -> None:
    raise AssertionError(f"{record} refused: {refusal}")


def _dead(folder: pathlib.Path, worker: str, *records: Record) -> None:
    """What a worker leaves that is killed after `records`."""
    lock = WorkerLock(folder, worker)
    book = Journal(folder, worker)
    for record in records:
        book.append(record)
    book.close()
    lock.abandon()


async def test_an_exchange_without_its_end_was_killed(
    tmp_path: pathlib.Path, database: Database
) -> None:
    _dead(tmp_path / "", "w", intent("x1", 1), settled("x1", 1, outcome="timeout"), intent("x1", 2))
    assert await recover(BookWriter(database, _never), tmp_path, MOST) == 1
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    row = detail.row
    assert (row.outcome, row.attempts, row.error_message) == ("killed", 2, WHY)
    assert (row.user_id, row.backend_id, row.endpoint) == (
        "alice",
        "openai",
        "/v1/chat/completions",
    )
    assert (row.dialect, row.request_model, row.routed_model) == ("chat", "fast", "gpt-4o-mini")
    assert (row.prompt_tokens, row.total_tokens, row.usage_source) == (40, 40, "estimated")
    assert (row.created_at, row.stream, row.detail_logged) == (AT + 1, True, False)
    first, second = detail.attempts
    assert (first.outcome, first.prompt_tokens, first.usage_source) == ("timeout", 41, "provider")
    assert (second.outcome, second.prompt_tokens, second.usage_source) == (
        "killed",
        40,
        "estimated",
    )
    assert journal.workers(tmp_path) == []


async def test_what_was_whole_is_stored_as_it_was(
    tmp_path: pathlib.Path, database: Database
) -> None:
    _dead(tmp_path, "w", intent(), settled(), closed(), closed("refused", outcome="refused"))
    assert await recover(BookWriter(database, _never), tmp_path, MOST) == 0
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    assert (detail.row, detail.attempts) == (closed(), (settled(),))
    assert await RequestLog(database).get("refused") is not None


async def test_an_intent_whose_end_is_only_in_the_database_is_not_killed(
    tmp_path: pathlib.Path, database: Database
) -> None:
    writer = BookWriter(database, _never)
    await writer.store([settled(), closed()])
    _dead(tmp_path, "w", intent())
    await recover(writer, tmp_path, MOST)
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    assert (detail.row, detail.attempts) == (closed(), (settled(),))


async def test_a_living_worker_is_left_alone(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    lock = WorkerLock(tmp_path, "alive")
    book = Journal(tmp_path, "alive")
    book.append(intent())
    assert await recover(BookWriter(database, _never), tmp_path, MOST) == 0
    assert database.exchanges == {}
    assert journal.segments(tmp_path, "alive") == [1]
    book.close()
    lock.release()


async def test_every_dead_worker_is_replayed(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    for worker in ("a", "b", "c"):
        _dead(tmp_path, worker, *(intent(f"{worker}{number}") for number in range(4)))
    assert await recover(BookWriter(database, _never), tmp_path, MOST) == 12
    assert len(database.exchanges) == len(database.attempts) == 12
    assert list(tmp_path.iterdir()) == []
    assert max(database.batches) <= MOST.records


async def test_a_database_that_is_down_costs_nothing(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    writer = BookWriter(database, _never)
    _dead(tmp_path, "w", intent("x1"), intent("x2"), settled("x2"), closed("x2"))
    database.down = True
    for _ in range(2):
        with pytest.raises(StoreUnreachable):
            await recover(writer, tmp_path, MOST)
    database.down = False
    assert await recover(writer, tmp_path, MOST) == 1
    assert {key: row["outcome"] for key, row in database.exchanges.items()} == {
        "x1": "killed",
        "x2": "complete",
    }


async def test_a_line_that_cannot_be_read_is_set_aside(tmp_path: pathlib.Path) -> None:
    _dead(tmp_path, "w", closed("x1"), closed("x2"))
    path = journal.segment_path(tmp_path, "w", 1)
    path.write_bytes(path.read_bytes().replace(b'"x1"', b'"xx"') + b"torn")
    database = FakeDatabase()
    await recover(BookWriter(database, _never), tmp_path, MOST)
    assert set(database.exchanges) == {"x2"}
    kept = (tmp_path / FILE).read_bytes()
    assert kept.count(b"\n") == 2
    assert b'"xx"' in kept


def test_an_exchange_is_open_until_it_is_closed() -> None:
    book = OpenIntents()
    for record in (intent("x1", 1), settled("x1", 1), intent("x1", 2), intent("x2"), closed("x2")):
        book.note(record)
    assert list(book) == [intent("x1", 1), intent("x1", 2)]
    assert len(book) == 1
    book.note(closed("never opened"))
    assert len(book) == 1
