from sqlalchemy import select

from headgate.model.store_faults import RowRefused
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Record
from headgate.storage.request_log import RequestLog
from headgate.storage.tables import exchange_bodies
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import closed, intent, settled, without_bodies


def _never(record: Record, refusal: RowRefused) -> None:
    raise AssertionError(f"{record} refused: {refusal}")


async def test_what_was_stored_reads_back(database: Database) -> None:
    await BookWriter(database, _never).store([intent(), settled(), closed()])
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    assert (detail.row, detail.attempts) == (closed(), (settled(),))


async def test_storing_again_changes_nothing(database: Database) -> None:
    writer = BookWriter(database, _never)
    for _ in range(2):
        await writer.store([settled(), closed(), closed(), settled()])
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    assert (detail.row, detail.attempts) == (closed(), (settled(),))


async def test_a_row_that_is_there_is_not_called_killed(database: Database) -> None:
    writer = BookWriter(database, _never)
    await writer.store([settled(), closed()])
    await writer.store_absent([settled(outcome="killed"), closed(outcome="killed")])
    detail = await RequestLog(database).get("x1")
    assert detail is not None
    assert (detail.row.outcome, detail.attempts[0].outcome) == ("complete", "complete")


async def test_no_body_is_stored_where_none_was_logged(database: Database) -> None:
    await BookWriter(database, _never).store([without_bodies(closed())])
    assert await database.fetch(select(exchange_bodies)) == []


async def test_a_refused_row_is_told_and_the_others_go_in() -> None:
    database = FakeDatabase()
    database.dislikes = lambda row: row.get("id") in ("x3", "x7")
    refused: list[Record] = []
    writer = BookWriter(database, lambda record, refusal: refused.append(record))
    await writer.store([closed(f"x{number}") for number in range(10)])
    assert refused == [closed("x3"), closed("x7")]
    assert len(database.exchanges) == 8


async def test_intents_alone_need_no_database() -> None:
    database = FakeDatabase()
    database.down = True
    await BookWriter(database, _never).store([intent()])
    assert database.batches == []
