from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.model.book_query import RequestQuery
from headgate.model.books import ExchangeRow
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.log_pages import Place, Stretch, place
from headgate.storage.request_log import RequestLog
from headgate.storage.sql import Step
from tests.storage.samples import AT, closed
from tests.storage.test_figure_steps import EVERY

HOUR_S = 3600.0

rows = st.lists(
    st.builds(
        closed,
        user_id=st.sampled_from([None, "alice", "bob"]),
        backend_id=st.sampled_from([None, "east", "west"]),
        request_model=st.sampled_from(["fast", "slow"]),
        routed_model=st.sampled_from([None, "slow", "m"]),
        outcome=st.sampled_from(["complete", "timeout", "refused"]),
        detail_logged=st.booleans(),
        session=st.sampled_from([None, "s"]),
        created_at=st.integers(0, 80).map(lambda hours: AT + hours * HOUR_S),
    ),
    max_size=25,
).map(lambda made: [_numbered(row, number) for number, row in enumerate(made)])

queries = st.fixed_dictionaries(
    {"limit": st.integers(1, 5), "offset": st.integers(0, 8)},
    optional={
        "user_id": st.sampled_from(["alice", "nobody"]),
        "backend_id": st.sampled_from(["east"]),
        "model": st.sampled_from(["slow", "fast"]),
        "outcome": st.sampled_from(["complete", "timeout"]),
        "detail_logged": st.booleans(),
        "session": st.just("s"),
        "since": st.integers(-1, 81).map(lambda hours: AT + hours * HOUR_S),
        "until": st.integers(-1, 81).map(lambda hours: AT + hours * HOUR_S),
    },
)


def _numbered(row: ExchangeRow, number: int) -> ExchangeRow:
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    return ExchangeRow(**{**fields, "id": f"x{number:02}", "request_body": None})


def _fits(row: ExchangeRow, wanted: dict[str, Any]) -> bool:
    for name in ("user_id", "backend_id", "outcome", "detail_logged", "session"):
        if name in wanted and getattr(row, name) != wanted[name]:
            return False
    if "model" in wanted and wanted["model"] not in (row.request_model, row.routed_model):
        return False
    return bool(wanted.get("since", 0) <= row.created_at < wanted.get("until", 1e12))


@given(rows=rows, wanted=queries)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_a_page_is_what_a_look_at_every_row_would_give(
    database: Database, rows: list[ExchangeRow], wanted: dict[str, Any]
) -> None:
    await database.write([Step(table.delete()) for table in EVERY])
    await BookWriter(database, lambda record, refusal: None).store(rows)
    fitting = sorted(
        (row for row in rows if _fits(row, wanted)),
        key=lambda row: (row.created_at, row.id),
        reverse=True,
    )
    page = await RequestLog(database).find(RequestQuery(**wanted))
    assert (page.total, type(page.total)) == (len(fitting), int)
    start = wanted["offset"]
    told = [row.id for row in page.rows]
    assert told == [row.id for row in fitting[start : start + wanted["limit"]]]


@pytest.mark.parametrize(
    ("offset", "limit", "found"),
    [
        (0, 2, Place(20.0, 30.0, 0, 5)),
        (4, 2, Place(10.0, 30.0, 4, 8)),
        (6, 1, Place(10.0, 20.0, 1, 3)),
        (7, 9, Place(0.0, 20.0, 2, 4)),
        (9, 1, None),
    ],
)
def test_the_days_of_a_page_are_found_without_the_rows_before(
    offset: int, limit: int, found: Place | None
) -> None:
    days = [Stretch(20.0, 30.0, 5), Stretch(10.0, 20.0, 3), Stretch(0.0, 10.0, 1)]
    assert place(days, offset, limit) == found
