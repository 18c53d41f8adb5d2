from typing import Any

import pytest

from headgate.model.book_query import RequestQuery
from headgate.storage import request_log
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Record
from headgate.storage.request_log import RequestLog
from tests.storage.samples import AT, closed, settled, without_bodies


@pytest.fixture
async def log(database: Database) -> RequestLog:
    rows: list[Record] = [
        closed("a", created_at=AT, user_id="alice", request_model="fast"),
        closed("b", created_at=AT + 1, user_id="bob", request_model="gpt-4o", routed_model="slow"),
        closed("c", created_at=AT + 2, backend_id="claude", outcome="timeout", status_code=504),
        closed("d", created_at=AT + 2, user_id=None, error_message="50% off_by\\one"),
        without_bodies(closed("e", created_at=AT + 4)),
    ]
    await BookWriter(database, lambda record, refusal: None).store(rows)
    return RequestLog(database)


async def _ids(log: RequestLog, **wanted: Any) -> str:
    page = await log.find(RequestQuery(**wanted))
    assert page.total >= len(page.rows)
    return "".join(row.id for row in page.rows)


async def test_the_newest_comes_first_and_ties_have_one_order(log: RequestLog) -> None:
    assert await _ids(log) == "edcba"


async def test_pages_join_without_gap_or_overlap(log: RequestLog) -> None:
    assert [await _ids(log, limit=2, offset=start) for start in (0, 2, 4, 6)] == [
        "ed",
        "cb",
        "a",
        "",
    ]
    page = await log.find(RequestQuery(limit=2, offset=2))
    assert (page.total, page.limit, page.offset) == (5, 2, 2)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"user_id": "bob"}, "b"),
        ({"user_id": "nobody"}, ""),
        ({"backend_id": "claude"}, "c"),
        ({"model": "gpt-4o"}, "b"),
        ({"model": "slow"}, "b"),
        ({"outcome": "timeout"}, "c"),
        ({"detail_logged": True}, "dcba"),
        ({"detail_logged": False}, "e"),
        ({"since": AT + 2}, "edc"),
        ({"until": AT + 2}, "ba"),
        ({"since": AT + 1, "until": AT + 4, "user_id": "alice"}, "c"),
        ({"q": "CLAUDE"}, "c"),
        ({"q": "bo"}, "b"),
        ({"q": "timeou"}, "c"),
        ({"q": "50%"}, "d"),
        ({"q": "f_b"}, "d"),
        ({"q": "y\\o"}, "d"),
        ({"q": "%"}, "d"),
        ({"q": "5_%"}, ""),
        ({"q": ""}, "edcba"),
        ({"q": "'; DROP TABLE exchanges; --"}, ""),
        ({"q": "a\x00\ud800"}, ""),
        ({"q": "chat/completions", "limit": 1}, "e"),
    ],
)
async def test_a_filter_finds_what_it_says(
    log: RequestLog, wanted: dict[str, Any], found: str
) -> None:
    assert await _ids(log, **wanted) == found


async def test_a_row_comes_with_its_bodies_where_they_were_logged(log: RequestLog) -> None:
    page = await log.find(RequestQuery(limit=2))
    assert [row.request_body for row in page.rows] == [None, '{"model":"fast"}']


async def test_bodies_of_a_page_are_bounded_the_newest_first(
    log: RequestLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = len(closed().request_body or "") + len(closed().response_body or "")
    monkeypatch.setattr(request_log, "MOST_BODY_CHARACTERS", 2 * one)
    page = await log.find(RequestQuery())
    assert [row.id for row in page.rows if row.request_body is not None] == ["d", "c"]
    monkeypatch.setattr(request_log, "MOST_BODY_CHARACTERS", 1)
    page = await log.find(RequestQuery())
    assert all(row.request_body is None for row in page.rows)
    detail = await log.get("d")
    assert detail is not None
    assert detail.row.request_body is not None


async def test_one_exchange_comes_with_its_attempts_in_order(
    log: RequestLog, database: Database
) -> None:
    made = [settled("a", number) for number in (2, 10, 1)]
    await BookWriter(database, lambda record, refusal: None).store(made)
    detail = await log.get("a")
    assert detail is not None
    assert [row.attempt for row in detail.attempts] == [1, 2, 10]
    assert await log.get("nothing") is None
