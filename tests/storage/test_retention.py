from sqlalchemy import func, select, table

from headgate.model.book_query import RequestQuery
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.request_log import RequestLog
from headgate.storage.retention import delete_before
from tests.storage.samples import AT, closed, settled


async def test_what_is_older_goes_in_batches_with_bodies_and_attempts(database: Database) -> None:
    writer = BookWriter(database, lambda record, refusal: None)
    for number in range(10):
        await writer.store(
            [
                closed(f"x{number}", created_at=AT + number),
                settled(f"x{number}", at=AT + number),
            ]
        )
    assert await delete_before(database, AT + 7, batch=3) == 7
    page = await RequestLog(database).find(RequestQuery())
    assert [row.id for row in page.rows] == ["x9", "x8", "x7"]
    for name in ("exchange_bodies", "attempts"):
        [count] = await database.fetch(select(func.count().label("n")).select_from(table(name)))
        assert count["n"] == 3
    assert await delete_before(database, AT + 7) == 0
