from typing import Any

import pytest

from headgate.model.analytics import BUCKET_EDGES, Group, Quantiles
from headgate.model.book_query import RequestQuery
from headgate.storage.analytics import Analytics
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.journal import Record
from tests.storage.samples import closed, settled

DAY_S = 86_400.0
MIDNIGHT = 19_675 * DAY_S  # 2023-11-14
EVERYTHING = RequestQuery()


async def stored(database: Database, *records: Record) -> Analytics:
    await BookWriter(database, lambda record, refusal: None).store(list(records))
    return Analytics(database)


@pytest.fixture
async def analytics(database: Database) -> Analytics:
    return await stored(
        database,
        closed("a", created_at=MIDNIGHT, user_id="alice", completion_tokens=10, total_tokens=51),
        closed("b", created_at=MIDNIGHT + DAY_S - 0.001, user_id="bob", backend_id="claude"),
        closed("c", created_at=MIDNIGHT + DAY_S, outcome="timeout", stream=False, cost_usd=None),
        closed("d", created_at=MIDNIGHT + DAY_S + 5, routed_model=None, request_model="gone"),
    )


async def test_totals_of_everything_are_one_row(analytics: Analytics) -> None:
    [totals] = await analytics.totals(EVERYTHING, ())
    assert totals.group == Group()
    assert (totals.requests, totals.errors, totals.streams) == (4, 1, 3)
    assert (totals.prompt_tokens, totals.completion_tokens) == (164, 10)
    assert (totals.cached_tokens, totals.reasoning_tokens, totals.total_tokens) == (32, 8, 174)
    assert totals.cost_usd == pytest.approx(3 * 0.000125)


async def test_a_day_begins_at_midnight_in_utc_and_the_latest_comes_first(
    analytics: Analytics,
) -> None:
    days = await analytics.totals(EVERYTHING, ("day",))
    assert [(row.group.day, row.requests) for row in days] == [
        ("2023-11-15", 2),
        ("2023-11-14", 2),
    ]


async def test_totals_are_told_apart_by_all_keys_at_once(analytics: Analytics) -> None:
    rows = await analytics.totals(EVERYTHING, ("day", "user", "backend", "model"))
    assert [(r.group.day, r.group.user_id, r.group.backend_id, r.group.model) for r in rows] == [
        ("2023-11-15", "alice", "openai", "gone"),
        ("2023-11-15", "alice", "openai", "gpt-4o-mini"),
        ("2023-11-14", "alice", "openai", "gpt-4o-mini"),
        ("2023-11-14", "bob", "claude", "gpt-4o-mini"),
    ]


@pytest.mark.parametrize(
    ("wanted", "requests"),
    [
        ({"user_id": "bob"}, 1),
        ({"backend_id": "openai"}, 3),
        ({"model": "gone"}, 1),
        ({"since": MIDNIGHT + DAY_S}, 2),
        ({"until": MIDNIGHT + DAY_S}, 2),
    ],
)
async def test_a_query_narrows_the_totals(
    analytics: Analytics, wanted: dict[str, Any], requests: int
) -> None:
    [totals] = await analytics.totals(RequestQuery(**wanted), ())
    assert totals.requests == requests


async def test_nothing_has_no_numbers(database: Database) -> None:
    analytics = Analytics(database)
    for by in ((), ("day", "model")):
        assert await analytics.totals(EVERYTHING, by) == ()
    assert await analytics.latency(EVERYTHING, ("model",)) == ()
    assert await analytics.quality(EVERYTHING) == ()
    assert await analytics.active_users(EVERYTHING) == 0
    assert sum(bucket.requests for bucket in await analytics.lengths(EVERYTHING)) == 0


async def test_quantiles_lie_within_an_eighth_of_the_value_of_the_nearest_rank(
    database: Database,
) -> None:
    rows = [
        closed(f"x{n}", time_to_first_event_ms=float(n), response_time_ms=float(10 * n))
        for n in range(1, 101)
    ]
    lone = closed("y", backend_id="claude", time_to_first_event_ms=None, response_time_ms=7.0)
    analytics = await stored(database, *rows, lone)
    openai, claude = await analytics.latency(EVERYTHING, ("backend",))
    assert (openai.group.backend_id, openai.requests) == ("openai", 100)
    assert openai.time_to_first_event_ms == Quantiles(49.5, 91.5, 98.0)
    assert openai.response_time_ms == Quantiles(495.0, 925.0, 980.0)
    assert (claude.group.backend_id, claude.requests) == ("claude", 1)
    assert claude.time_to_first_event_ms == Quantiles()
    assert claude.response_time_ms == Quantiles(7.0, 7.0, 7.0)
    [whole] = await analytics.latency(EVERYTHING, ())
    assert (whole.requests, whole.response_time_ms.p50) == (101, 495.0)


async def test_quality_counts_every_attempt_by_how_it_ended(database: Database) -> None:
    analytics = await stored(
        database,
        closed("x1", user_id="alice"),
        settled("x1", 1, outcome="timeout", duration_ms=None, time_to_first_event_ms=None),
        settled("x1", 2, duration_ms=5.0),
        settled("x2", 1, user_id="bob", duration_ms=9.0),
        settled("x2", 2, user_id="bob", backend_id="claude", outcome="client_closed"),
    )
    openai, claude = await analytics.quality(EVERYTHING)
    assert (openai.backend_id, openai.attempts, openai.errors) == ("openai", 3, 1)
    assert openai.outcomes == {"complete": 2, "timeout": 1}
    assert openai.duration_ms == Quantiles(5.0, 9.0, 9.0)
    assert (claude.attempts, claude.errors) == (1, 0)
    [theirs] = await analytics.quality(RequestQuery(user_id="alice"))
    assert theirs.attempts == 2
    narrow = RequestQuery(backend_id="claude", model="gpt-4o-mini", since=0.0, until=2e9)
    assert [row.backend_id for row in await analytics.quality(narrow)] == ["claude"]


async def test_answers_fall_into_buckets_by_their_length(database: Database) -> None:
    lengths = (0, 1, 15, 16, 63, 70_000, None)
    rows = [closed(f"x{n}", completion_tokens=tokens) for n, tokens in enumerate(lengths)]
    buckets = await (await stored(database, *rows)).lengths(EVERYTHING)
    assert tuple(bucket.least for bucket in buckets) == BUCKET_EDGES
    assert [bucket.requests for bucket in buckets] == [1, 2, 2, 0, 0, 0, 0, 0, 1]
    assert (buckets[0].most, buckets[1].most, buckets[-1].most) == (0, 15, None)


async def test_users_are_counted_once(analytics: Analytics) -> None:
    assert await analytics.active_users(EVERYTHING) == 2


async def test_what_is_on_its_way_is_waited_for(database: Database) -> None:
    waited = []

    async def catch_up() -> None:
        waited.append(True)

    await Analytics(database, catch_up).totals(EVERYTHING, ())
    assert waited
