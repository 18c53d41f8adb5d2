import asyncio

import pytest
from sqlalchemy import func, select, table

from headgate.model.book_query import RequestQuery
from headgate.model.store_faults import StoreUnreachable
from headgate.storage import retention
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.request_log import RequestLog
from headgate.storage.retention import delete_before
from tests.storage.fakes import FakeDatabase
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


async def test_it_is_done_again_and_again_whatever_the_database_says(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[float] = []
    done = asyncio.Event()

    async def delete(_: Database, before: float) -> int:
        asked.append(before)
        if len(asked) == 3:
            done.set()
        raise StoreUnreachable("switched off")

    monkeypatch.setattr(retention, "delete_before", delete)
    monkeypatch.setattr(retention, "EVERY_S", 0.0)
    kept = iter((0.0, 10.0, 10.0, 0.0, 20.0, 20.0, 30.0, 30.0))
    keeping = asyncio.ensure_future(
        retention.keep_only(FakeDatabase(), lambda: next(kept, 0.0), lambda: AT)
    )
    await done.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert asked == [AT - 10, AT - 20, AT - 30]
    assert "stay for another hour" in caplog.text
