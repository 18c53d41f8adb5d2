import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.model.analytics import BUCKET_EDGES, ERRORS
from headgate.model.book_query import RequestQuery
from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.analytics import Analytics
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.sql import Step
from tests.storage.samples import AT, closed, settled
from tests.storage.test_figure_steps import EVERY

moments = st.integers(0, 100).map(lambda hours: AT + hours * 3600.0)
times = st.none() | st.floats(0.001, 1e6)
rows = st.lists(
    st.builds(
        closed,
        st.integers(0, 20).map(str),
        user_id=st.sampled_from([None, "alice", "bob"]),
        backend_id=st.sampled_from([None, "east", "west"]),
        routed_model=st.sampled_from([None, "m"]),
        outcome=st.sampled_from(["complete", "timeout", "refused"]),
        completion_tokens=st.none() | st.integers(0, 10**5),
        created_at=moments,
        time_to_first_event_ms=times,
        response_time_ms=times,
    ),
    max_size=12,
    unique_by=lambda row: row.id,
)
tries = st.lists(
    st.builds(
        settled,
        st.integers(0, 20).map(str),
        user_id=st.sampled_from([None, "alice"]),
        backend_id=st.sampled_from(["east", "west"]),
        outcome=st.sampled_from(["complete", "timeout"]),
        at=moments,
        duration_ms=times,
    ),
    max_size=8,
    unique_by=lambda row: row.exchange_id,
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.just("alice"),
        "backend_id": st.just("east"),
        "model": st.just("m"),
        "since": moments,
        "until": moments,
    },
)


def _fits(row: ExchangeRow, wanted: dict[str, Any]) -> bool:
    for name in ("user_id", "backend_id"):
        if name in wanted and getattr(row, name) != wanted[name]:
            return False
    if "model" in wanted and wanted["model"] not in (row.request_model, row.routed_model):
        return False
    return bool(wanted.get("since", 0) <= row.created_at < wanted.get("until", 1e12))


def _fits_try(row: AttemptRow, wanted: dict[str, Any]) -> bool:
    for name, value in (("user_id", row.user_id), ("backend_id", row.backend_id)):
        if name in wanted and value != wanted[name]:
            return False
    if "model" in wanted and row.routed_model != wanted["model"]:
        return False
    return bool(wanted.get("since", 0) <= row.at < wanted.get("until", 1e12))


@given(rows=rows, tries=tries, wanted=queries)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_numbers_of_any_time_are_those_of_every_row_in_it(
    database: Database, rows: list[ExchangeRow], tries: list[AttemptRow], wanted: dict[str, Any]
) -> None:
    await database.write([Step(table.delete()) for table in EVERY])
    await BookWriter(database, lambda record, refusal: None).store([*rows, *tries])
    analytics, query = Analytics(database), RequestQuery(**wanted)
    inside = [row for row in rows if _fits(row, wanted)]
    totals = await analytics.totals(query, ("user", "backend"))
    assert {(t.group.user_id, t.group.backend_id): t.requests for t in totals} == {
        key: sum((row.user_id, row.backend_id) == key for row in inside)
        for key in {(row.user_id, row.backend_id) for row in inside}
    }
    assert sum(t.errors for t in totals) == sum(row.outcome in ERRORS for row in inside)
    assert sum(t.cost_usd for t in totals) == pytest.approx(sum(r.cost_usd or 0 for r in inside))
    waits = await analytics.latency(query, ())
    measured = [row.response_time_ms for row in inside if row.response_time_ms is not None]
    assert sum(row.requests for row in waits) == len(measured)
    lengths = await analytics.lengths(query)
    assert [bucket.requests for bucket in lengths] == _lengths(inside)
    tried = [row for row in tries if _fits_try(row, wanted)]
    quality = await analytics.quality(query)
    assert sum(row.attempts for row in quality) == len(tried)
    assert sum(row.errors for row in quality) == sum(row.outcome in ERRORS for row in tried)
    users = {row.user_id for row in inside} - {None}
    assert await analytics.active_users(query) == len(users)


def _lengths(rows: list[ExchangeRow]) -> list[int]:
    edges = (*BUCKET_EDGES, float("inf"))
    tokens = [row.completion_tokens for row in rows if row.completion_tokens is not None]
    return [sum(low <= count < high for count in tokens) for low, high in itertools.pairwise(edges)]
