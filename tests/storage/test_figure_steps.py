import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.book_writer import BookWriter
from headgate.storage.engine import Database
from headgate.storage.figure_steps import FigureSteps
from headgate.storage.figure_tables import figures, known_names, log_horizon, series, tallies
from headgate.storage.figuring import Change, change_of
from headgate.storage.rows import attempt, exchange
from headgate.storage.sql import Step
from headgate.storage.tables import attempts, exchanges
from tests.storage.samples import AT, closed, settled

EVERY = (exchanges, attempts, series, figures, tallies, known_names, log_horizon)

few = st.sampled_from(["1", "2", "3"])
closes = st.builds(
    closed,
    few,
    user_id=st.sampled_from([None, "alice", "u2"]),
    user_name=st.sampled_from([None, "bob", "alice"]),
    routed_model=st.sampled_from([None, "m"]),
    created_at=st.sampled_from([AT, AT + 86_400]),
    outcome=st.sampled_from(["complete", "timeout", "refused"]),
    completion_tokens=st.none() | st.integers(0, 10**6),
    cost_usd=st.none() | st.floats(0, 9),
    time_to_first_event_ms=st.none() | st.floats(0, 1e5),
    detail_logged=st.booleans(),
    stream=st.booleans(),
)
settles = st.builds(
    settled, few, st.integers(1, 2), outcome=st.sampled_from(["complete", "timeout"])
)
batches = st.lists(
    st.tuples(st.booleans(), st.lists(closes | settles, max_size=4)), min_size=1, max_size=4
)


@given(batches=batches)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_figures_are_always_those_of_the_rows(
    database: Database, batches: list[tuple[bool, list[ExchangeRow | AttemptRow]]]
) -> None:
    await database.write([Step(table.delete()) for table in EVERY])
    writer = BookWriter(database, lambda record, refusal: None)
    for absent_only, batch in batches:
        await (writer.store_absent if absent_only else writer.store)(batch)
    rows: list[ExchangeRow | AttemptRow] = [
        *map(exchange, await database.fetch(select(exchanges))),
        *map(attempt, await database.fetch(select(attempts))),
    ]
    assert _same(await kept(database), counted(change_of(rows)))


async def test_a_change_is_added_to_what_is_there(database: Database) -> None:
    steps = FigureSteps(database.name)
    for _ in range(2):
        await database.write(steps.of(change_of([closed(), settled()])))
    assert _same(await kept(database), counted(change_of([closed()] * 2 + [settled()] * 2)))


async def test_a_series_and_a_name_know_their_last_day(database: Database) -> None:
    steps = FigureSteps(database.name)
    for at in (AT, AT + 2 * 86_400, AT + 86_400):
        row = closed(user_id="u1", user_name="alice", created_at=at)
        await database.write(steps.of(change_of([row])))
    for table in (series, known_names):
        days = {row["last_day"] for row in await database.fetch(select(table.c.last_day))}
        assert days == {(AT + 2 * 86_400) // 86_400}


async def kept(database: Database) -> dict[Any, list[float]]:
    """What the tables hold, by what it is about; what came to nothing is left out."""
    keys = {row["id"]: tuple(row.values())[1:6] for row in await database.fetch(select(series))}
    found: dict[Any, list[float]] = {}
    for row in await database.fetch(select(figures)):
        id_, day, *sums = row.values()
        found[keys[id_], day] = sums
    for row in await database.fetch(select(tallies)):
        measure, id_, day, bucket, *values = row.values()
        found[keys[id_], day, measure, bucket] = values
    return {key: values for key, values in found.items() if values[0]}


def counted(change: Change) -> dict[Any, list[float]]:
    """What a change holds, in the same form."""
    found: dict[Any, list[float]] = {**change.sums, **change.tallies}
    return {key: values for key, values in found.items() if values[0]}


def _same(one: dict[Any, list[float]], other: dict[Any, list[float]]) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)
        for key in one
        for a, b in zip(one[key], other[key], strict=True)
    )
