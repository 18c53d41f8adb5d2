"""How far the database is behind the journal."""

import pathlib

from headgate.ports import Books
from headgate.storage.ledger import Backlog, Ledger, Pace
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import closed, intent, settled


def _whole_exchange(books: Books, exchange_id: str) -> None:
    books.intend(intent(exchange_id))
    books.settle(settled(exchange_id))
    books.close(closed(exchange_id))


async def test_how_far_the_database_is_behind_is_known(tmp_path: pathlib.Path) -> None:
    database = FakeDatabase()
    ledger = Ledger(database, tmp_path)
    assert ledger.backlog() == Backlog(0, 0.0)
    _whole_exchange(ledger, "x1")
    behind = ledger.backlog()
    assert behind.bytes == ledger._journal.end.offset
    assert ledger.backlog().age_s >= behind.age_s >= 0.0
    await ledger.flush()
    assert ledger.backlog() == Backlog(0, 0.0)
    await ledger.aclose()


async def test_a_backlog_over_several_segments_is_reckoned_whole(tmp_path: pathlib.Path) -> None:
    ledger = Ledger(FakeDatabase(), tmp_path, Pace(segment_bytes=1000))
    for number in range(20):
        _whole_exchange(ledger, f"x{number}")
    assert ledger._journal.end.segment > 2
    assert ledger.backlog().bytes > 1000
    await ledger.flush()
    assert ledger.backlog().bytes == 0
    await ledger.aclose()
