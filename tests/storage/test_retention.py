import asyncio

import pytest
from sqlalchemy import func, select, table

from headgate.model.book_query import RequestQuery
from headgate.model.store_faults import StoreUnreachable
from headgate.storage import retention
from headgate.storage.analytics import Analytics
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.figure_tables import known_names, series
from headgate.storage.request_log import RequestLog
from headgate.storage.retention import delete_before, delete_figures_before
from tests.storage.fakes import FakeDatabase
from tests.storage.samples import AT, closed, settled

DAY_S = 86_400


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


async def test_figures_outlive_the_rows_and_totals_do_not(database: Database) -> None:
    writer = BookWriter(database, lambda record, refusal: None)
    rows = [closed(f"x{hour}", created_at=AT + hour * 3600) for hour in range(60)]
    await writer.store(rows)
    await delete_before(database, AT + 30 * 3600 + 1)
    log = RequestLog(database)
    page = await log.find(RequestQuery(limit=2, offset=27))
    assert (page.total, [row.id for row in page.rows]) == (29, ["x32", "x31"])
    [sums] = await Analytics(database).totals(RequestQuery(), ())
    assert sums.requests == 60
    # One that comes late is as gone as those of its time.
    await writer.store([closed("late", created_at=AT)])
    assert (await log.find(RequestQuery())).total == 29
    assert (await log.find(RequestQuery(q="x3", until=AT + 31 * 3600))).total == 0


async def test_figures_go_by_whole_days_and_with_them_what_had_no_other(
    database: Database,
) -> None:
    writer = BookWriter(database, lambda record, refusal: None)
    old = closed("old", user_id="u1", user_name="gone", routed_model="old", created_at=AT)
    new = closed("new", user_id="u2", user_name="here", created_at=AT + 2 * DAY_S)
    both = [closed(f"b{n}", user_id="u3", created_at=AT + n * DAY_S) for n in range(3)]
    await writer.store([old, new, *both, settled("old", at=AT)])
    await delete_figures_before(database, AT + DAY_S + 3600, batch=2)
    totals = await Analytics(database).totals(RequestQuery(), ("user", "day"))
    assert {(row.group.user_id, row.requests) for row in totals} == {("u2", 1), ("u3", 1)}
    assert await Analytics(database).quality(RequestQuery()) == ()
    left = await database.fetch(select(series.c.user_id).distinct())
    assert {row["user_id"] for row in left} == {"", "u2", "u3"}
    assert [row["id"] for row in await database.fetch(select(known_names))] == ["u2"]


async def test_it_is_done_again_and_again_whatever_the_database_says(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[float] = []
    done = asyncio.Event()

    async def keep(_: Database, before: float) -> None:
        raise AssertionError("figures are kept longer than rows")

    async def delete(_: Database, before: float) -> int:
        asked.append(before)
        if len(asked) == 3:
            done.set()
        raise StoreUnreachable("switched off")

    monkeypatch.setattr(retention, "delete_before", delete)
    monkeypatch.setattr(retention, "delete_figures_before", keep)
    monkeypatch.setattr(retention, "EVERY_S", 0.0)
    kept = iter((0.0, 10.0, 0.0, 20.0, 30.0))
    keeping = asyncio.ensure_future(
        retention.keep_only(FakeDatabase(), lambda: next(kept, 0.0), lambda: AT)
    )
    await done.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert asked == [AT - 10, AT - 20, AT - 30]
    assert "stay for another hour" in caplog.text
