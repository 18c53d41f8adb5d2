import pytest

from headgate.model.book_query import RequestQuery
from headgate.model.directory import KeyRow, UserRow
from headgate.storage import log_pages, log_search
from headgate.storage.book_writer import BookWriter
from headgate.storage.directory import DirectoryStore
from headgate.storage.engine import Database
from headgate.storage.request_log import RequestLog
from tests.storage.samples import AT, closed

DAY_S = 86_400


@pytest.fixture
async def log(database: Database, monkeypatch: pytest.MonkeyPatch) -> RequestLog:
    """Five days with two exchanges each, of which only the newest two are searched whole."""
    monkeypatch.setattr(log_search, "NEWEST", 2)
    monkeypatch.setattr(log_search, "NEWEST_FAILED", 3)
    users = DirectoryStore(database)
    key = KeyRow(id="k", user_id="u9", digest=b"d", hint="h", created_at=0.0)
    await users.add_user(UserRow(id="u9", name="zelda"), key)
    rows = [
        closed(
            f"id-{number}",
            created_at=AT + number // 2 * DAY_S,
            user_id="u9" if number % 2 else "bob",
            user_name="link" if number % 2 else "bob",
            request_model=f"model-{number}",
            endpoint=f"/v{number}/rare",
            error_message=f"trouble {number}" if number % 3 == 0 else None,
            outcome="timeout" if number == 0 else "complete",
            session=f"talk-{number}",
        )
        for number in range(10)
    ]
    await BookWriter(database, lambda record, refusal: None).store(rows)
    return RequestLog(database)


async def _found(log: RequestLog, q: str, **wanted: object) -> list[str]:
    page = await log.find(RequestQuery(q=q, **wanted))  # type: ignore[arg-type]
    assert page.total >= len(page.rows)
    return [row.id.removeprefix("id-") for row in page.rows]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("MODEL-3", ["3"]),  # a model, on any day
        ("zeld", ["9", "7", "5", "3", "1"]),  # the user's name now
        ("lin", ["9", "7", "5", "3", "1"]),  # and then
        ("timeou", ["0"]),  # an outcome
        ("id-4", ["4"]),  # a whole id, on any day
        ("talk-4", ["4"]),  # a whole session
        ("id-", ["9", "8"]),  # a part of one: among the newest
        ("/rare", ["9", "8"]),
        ("trouble", ["9", "6", "3"]),  # an error: among the newest that failed
        ("trouble 0", []),
        ("nothing of this", []),
        ("%", []),
    ],
)
async def test_a_text_is_found_where_it_is_looked_for(
    log: RequestLog, q: str, found: list[str]
) -> None:
    assert await _found(log, q) == found
    assert (await log.find(RequestQuery(q=q))).total == len(found)


async def test_it_is_said_how_far_back_every_text_was_searched(log: RequestLog) -> None:
    assert (await log.find(RequestQuery(q="x"))).searched_since == AT + 4 * DAY_S
    within = RequestQuery(q="x", since=AT + 4 * DAY_S + 1)
    assert (await log.find(within)).searched_since is None
    assert (await log.find(RequestQuery())).searched_since is None


async def test_a_search_keeps_to_the_filters_and_to_pages(log: RequestLog) -> None:
    assert await _found(log, "model", user_id="bob") == ["8", "6", "4", "2", "0"]
    assert await _found(log, "model", until=AT + DAY_S) == ["1", "0"]
    assert await _found(log, "model", limit=3, offset=4) == ["5", "4", "3"]
    assert await _found(log, "trouble", user_id="bob") == ["6"]
    assert await _found(log, "trouble", model="model-3") == ["3"]
    assert await _found(log, "trouble", session="talk-3") == ["3"]


async def test_what_is_frequent_is_found_the_same(
    log: RequestLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "FREQUENT", 1)
    assert await _found(log, "o", limit=4, offset=1) == ["8", "7", "6", "5"]
    assert await _found(log, "trouble") == ["9", "6", "3"]
