import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect

from headgate.model.store_faults import RowConflict, RowRefused
from headgate.storage.engine import Database
from headgate.storage.sql import (
    Step,
    insert_absent,
    like_pattern,
    render,
    storable,
    storable_rows,
    upsert,
)
from headgate.storage.tables import attempts, exchange_bodies

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": PGDialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
}
ROW = {column.name: None for column in attempts.columns} | {
    "exchange_id": "x",
    "attempt": 1,
    "at": 1.5,
    "backend_id": "b",
    "routed_model": "m",
    "outcome": "complete",
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_parameters_stand_in_the_order_of_the_text(kind: str) -> None:
    statement = select(attempts.c.at).where(
        attempts.c.attempt.in_([4, 5]), attempts.c.at > 1.5, attempts.c.outcome == "killed"
    )
    rendered = render(statement, DIALECTS[kind])
    where = rendered.text.partition("WHERE")[2]
    assert sorted(map(str, rendered.bind())) == ["1.5", "4", "5", "killed"]
    for number, value in enumerate(rendered.bind(), 1):
        where = where.replace("?" if kind == "sqlite" else f"${number}", repr(value), 1)
    assert "IN (4, 5) AND attempts.at > 1.5 AND attempts.outcome = 'killed'" in where


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("plain", "plain"),
        ("a\x00b", "ab"),
        ("é\ud800!", "é?!"),
        (2**70, 2**63 - 1),
        (-(2**70), -(2**63) + 1),
        (True, True),
        (("\ud800",), ("?",)),
        (None, None),
        (1.5, 1.5),
    ],
)
def test_what_no_database_takes_is_mended(value: object, stored: object) -> None:
    assert storable(value) == stored
    assert type(storable(value)) is type(stored)


ODD = st.text(st.sampled_from("ab\\u0é\x00\ud800"), max_size=6)


@given(st.lists(st.tuples(ODD, st.none() | st.floats() | st.booleans(), ODD), max_size=4))
def test_rows_are_mended_as_each_of_their_values(rows: list[tuple[object, ...]]) -> None:
    assert repr(list(storable_rows(rows))) == repr([storable(row) for row in rows])


def test_a_pattern_finds_its_own_characters_only() -> None:
    assert like_pattern("50%_\\A") == "%50\\%\\_\\\\a%"


async def test_an_upsert_overwrites_and_the_other_insert_does_not(database: Database) -> None:
    await database.write([Step(upsert(database.name, attempts), (ROW,))])
    await database.write([Step(upsert(database.name, attempts), ({**ROW, "status_code": 200},))])
    await database.write(
        [Step(insert_absent(database.name, attempts), ({**ROW, "status_code": 1},))]
    )
    [row] = await database.fetch(select(attempts))
    assert row == {**ROW, "status_code": 200}


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    good = Step(upsert(database.name, attempts), (ROW,))
    orphan = Step(upsert(database.name, exchange_bodies), ({**_no_body(), "exchange_id": "?"},))
    with pytest.raises(RowConflict):
        await database.write([good, orphan])
    assert await database.fetch(select(attempts)) == []


async def test_a_row_of_the_wrong_kind_is_refused_and_not_an_outage(database: Database) -> None:
    wrong = Step(upsert(database.name, attempts), ({**ROW, "at": None},))
    with pytest.raises(RowRefused):
        await database.write([wrong])


async def test_hostile_text_and_numbers_are_stored(database: Database) -> None:
    row = {**ROW, "error_message": "a\x00b\ud800", "prompt_tokens": 2**70}
    await database.write([Step(upsert(database.name, attempts), (row,))])
    [found] = await database.fetch(select(attempts))
    assert (found["error_message"], found["prompt_tokens"]) == ("ab?", 2**63 - 1)


def _no_body() -> dict[str, None]:
    return {"request_body": None, "response_body": None}


def test_statements_are_rendered_once() -> None:
    statement = select(attempts)
    assert render(statement, DIALECTS["sqlite"]) is render(statement, DIALECTS["sqlite"])
