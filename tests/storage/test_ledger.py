import asyncio
import errno
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from headgate.model.book_query import RequestQuery
from headgate.model.fault import Refused
from headgate.ports import Books
from headgate.storage import journal
from headgate.storage import ledger as ledger_module
from headgate.storage.engine import Database
from headgate.storage.journal import Most
from headgate.storage.ledger import MOST_HELD, Ledger, Pace
from headgate.storage.request_log import RequestLog
from headgate.storage.set_aside import FILE
from headgate.storage.sql import Step
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import closed, intent, settled

QUICK = Pace(flush_s=0, sync_s=0, sweep_s=0, first_retry_s=0, last_retry_s=0.001)


def whole_exchange(books: Books, exchange_id: str) -> None:
    books.intend(intent(exchange_id))
    books.settle(settled(exchange_id))
    books.close(closed(exchange_id))


def _broken_disk(file: int, data: bytes, offset: int) -> Any:
    raise OSError(errno.EIO, "Input/output error")


async def until(true: Any) -> None:
    """Lets the ledger's tasks work until `true()`; a wait in vain fails."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0)


async def test_what_was_taken_is_in_the_database_after_close(
    tmp_path: pathlib.Path, database: Database
) -> None:
    ledger = Ledger(database, tmp_path / "journal")
    ledger.start()
    for number in range(30):
        whole_exchange(ledger, f"x{number}")
    await ledger.aclose()
    page = await RequestLog(database).find(RequestQuery(limit=100))
    assert page.total == 30
    assert page.rows[-1] == closed("x0")
    assert list((tmp_path / "journal").iterdir()) == []


async def test_records_arrive_without_being_asked_for(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path, QUICK)
    ledger.start()
    whole_exchange(ledger, "x1")
    await until(lambda: "x1" in database.exchanges)
    whole_exchange(ledger, "x2")
    await until(lambda: "x2" in database.exchanges)
    await ledger.aclose()


async def test_a_full_batch_does_not_wait_for_its_time(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    pace = Pace(flush_s=3600, batch=Most(records=4))
    ledger = Ledger(database, tmp_path, pace)
    ledger.start()
    for number in range(3):
        ledger.close(closed(f"x{number}"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert database.batches == []
    ledger.close(closed("x3"))
    await until(lambda: len(database.exchanges) == 4)
    await ledger.aclose()


async def test_batches_are_bounded(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path, Pace(batch=Most(records=5)))
    for number in range(23):
        ledger.settle(settled(f"x{number}"))
    await ledger.flush()
    assert database.batches == [5, 5, 5, 5, 3]
    await ledger.aclose()


async def test_a_database_that_is_down_loses_nothing_and_costs_no_memory(
    tmp_path: pathlib.Path,
) -> None:
    database = FakeDatabase()
    database.down = True
    ledger = Ledger(database, tmp_path, QUICK)
    ledger.start()
    for number in range(200):
        whole_exchange(ledger, f"x{number}")
        await asyncio.sleep(0)
    assert len(ledger._held) == 0
    database.down = False
    await until(lambda: len(database.exchanges) == 200)
    await ledger.aclose()
    assert len(database.attempts) == 200


async def test_a_database_that_stays_down_leaves_the_books_for_the_next_start(
    tmp_path: pathlib.Path,
) -> None:
    database = FakeDatabase()
    database.down = True
    ledger = Ledger(database, tmp_path)
    whole_exchange(ledger, "x1")
    ledger.intend(intent("x2"))
    await ledger.aclose()
    database.down = False
    following = Ledger(database, tmp_path)
    assert await following.recover() == 1
    await following.aclose()
    assert {key: row["outcome"] for key, row in database.exchanges.items()} == {
        "x1": "complete",
        "x2": "killed",
    }
    assert list(tmp_path.iterdir()) == []


async def test_segments_go_when_their_rows_are_stored_and_open_intents_stay(
    tmp_path: pathlib.Path,
) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path, Pace(segment_bytes=2000))
    ledger.intend(intent("long"))
    for number in range(50):
        whole_exchange(ledger, f"x{number}")
    assert len(journal.segments(tmp_path, ledger._worker)) > 5
    await ledger.flush()
    [last] = journal.segments(tmp_path, ledger._worker)
    assert b'"long"' in journal.segment_path(tmp_path, ledger._worker, last).read_bytes()
    assert len(database.exchanges) == 50
    ledger.close(closed("long"))
    await ledger.aclose()
    assert database.exchanges["long"]["outcome"] == "complete"
    assert list(tmp_path.iterdir()) == []


async def test_a_dead_workers_books_are_found_while_running(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    database.down = True
    dead = Ledger(database, tmp_path)
    dead.intend(intent("x1"))
    await dead.aclose()
    survivor = Ledger(database, tmp_path, QUICK)
    survivor.start()
    for _ in range(20):
        await asyncio.sleep(0)
    database.down = False
    await until(lambda: "x1" in database.exchanges)
    await survivor.aclose()


async def test_a_disk_that_takes_nothing_refuses_new_attempts_and_keeps_what_ends(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path)
    ledger.intend(intent("x1"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", _broken_disk)
        with pytest.raises(Refused) as caught:
            ledger.intend(intent("x2"))
        ledger.settle(settled("x1"))
        ledger.close(closed("x1"))
        await ledger.flush()
    assert caught.value.fault.http_status == 503
    assert database.exchanges["x1"]["outcome"] == "complete"
    await ledger.aclose()
    assert set(database.exchanges) == {"x1"}


class BodiesKept(FakeDatabase):
    """Counts the bodies that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies = 0

    @override
    async def write(self, steps: Sequence[Step]) -> int:
        bodies = [step for step in steps if "exchange_bodies" in str(step.statement)]
        self.bodies += sum(len(step.rows or ()) for step in bodies if not self.down)
        return await super().write(steps)


async def test_where_very_much_waits_for_the_database_bodies_are_left_out(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "MOST_WAITING", 2)
    database = BodiesKept()
    database.down = True
    ledger = Ledger(database, tmp_path, Pace(segment_bytes=2000))
    for number in range(20):
        ledger.close(closed(f"x{number}", response_body="y" * 500))
    database.down = False
    await ledger.aclose()
    assert len(database.exchanges) == 20
    assert 0 < database.bodies < 20


async def test_what_is_held_in_memory_is_bounded_and_without_bodies(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(FakeDatabase(), tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", _broken_disk)
        for number in range(MOST_HELD + 5):
            ledger.close(closed(f"x{number}"))
    assert len(ledger._held) == MOST_HELD
    first = ledger._held[0]
    assert first == closed("x0", request_body=None, response_body=None)
    await ledger.aclose()


async def test_a_row_that_the_database_refuses_is_set_aside(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    database.dislikes = lambda row: row.get("id") == "x1"
    ledger = Ledger(database, tmp_path)
    ledger.close(closed("x1"))
    ledger.close(closed("x2"))
    await ledger.aclose()
    assert set(database.exchanges) == {"x2"}
    line = (tmp_path / FILE).read_bytes()
    assert journal.read_line(line) == closed("x1")


async def test_the_journal_is_synced_while_there_is_something_new(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    ledger = Ledger(FakeDatabase(), tmp_path, QUICK)
    ledger.start()
    ledger.intend(intent())
    await until(lambda: synced)
    ledger.close(closed())
    await ledger.aclose()


async def test_a_reader_sees_what_has_just_happened(
    tmp_path: pathlib.Path, database: Database
) -> None:
    ledger = Ledger(database, tmp_path / "journal")
    log = RequestLog(database, lambda: ledger.catch_up(within_s=30.0))
    ledger.close(closed("x1"))
    assert (await log.find(RequestQuery())).total == 1
    ledger.close(closed("x2"))
    assert await log.get("x2") is not None
    await ledger.aclose()


async def test_a_reader_does_not_wait_for_what_takes_long(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path)
    ledger.close(closed("x1"))
    await ledger.catch_up(within_s=0)
    database.down = True
    await ledger.catch_up()
    assert database.exchanges == {}
    database.down = False
    await ledger.catch_up()
    assert set(database.exchanges) == {"x1"}
    await ledger.aclose()


async def test_the_end_of_a_task_is_never_silent(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = FakeDatabase()

    def explode(row: object) -> bool:
        raise RuntimeError("a bug")

    database.dislikes = explode
    ledger = Ledger(database, tmp_path, QUICK)
    ledger.start()
    ledger.close(closed())
    await until(lambda: any(record.levelname == "CRITICAL" for record in caplog.records))
    database.dislikes = lambda row: False
    await ledger.aclose()
