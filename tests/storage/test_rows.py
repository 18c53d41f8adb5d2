import msgspec
import pytest
from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage import rows
from headgate.storage.sql import render, upsert
from headgate.storage.tables import attempts, exchanges
from tests.storage.fakes import named
from tests.storage.samples import closed, settled, without_bodies


def test_an_exchange_comes_back_as_it_was() -> None:
    row = closed()
    [values] = rows.exchange_values([row])
    assert rows.exchange(named(exchanges, values), rows.body_values(row)) == row


def test_flags_come_back_from_a_database_without_booleans() -> None:
    [values] = rows.exchange_values([without_bodies(closed())])
    back = rows.exchange({**named(exchanges, values), "stream": 1, "detail_logged": 0})
    assert (back.stream, back.detail_logged) == (True, False)
    assert isinstance(back.stream, bool)


def test_no_body_makes_no_row_and_an_empty_one_does() -> None:
    assert rows.body_values(without_bodies(closed())) is None
    assert rows.body_values(closed(request_body="", response_body=None)) is not None


def test_an_attempt_comes_back_as_it_was() -> None:
    [values] = rows.attempt_values([settled()])
    assert rows.attempt(named(attempts, values)) == settled()


@pytest.mark.parametrize(
    ("table", "record"),
    [(exchanges, ExchangeRow), (attempts, AttemptRow)],
    ids=lambda one: str(one),
)
def test_records_columns_and_statements_have_one_order(
    table: Table, record: type[msgspec.Struct]
) -> None:
    columns = tuple(table.columns.keys())
    assert record.__struct_fields__[: len(columns)] == columns
    postgres = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    for dialect in (sqlite.dialect(paramstyle="qmark"), postgres):
        assert render(insert(table), dialect).names == columns
        assert render(upsert(dialect.name, table), dialect).names == columns


def test_no_record_makes_no_row() -> None:
    assert (rows.exchange_values([]), rows.attempt_values([])) == ([], [])


def test_a_text_too_long_for_an_index_is_cut_and_others_are_whole() -> None:
    row = closed(request_model="é" * 1000, error_message="é" * 1000)
    whole, cut = rows.exchange_values([closed(), row])
    values = named(exchanges, cut)
    assert [whole] == rows.exchange_values([closed()])
    assert len(values["request_model"].encode()) == 400
    assert values["error_message"] == row.error_message


@pytest.mark.parametrize("claimed", [2**63, -(2**70)])
def test_a_count_that_no_database_takes_is_cut(claimed: int) -> None:
    [values] = rows.attempt_values([settled(completion_tokens=claimed)])
    assert abs(named(attempts, values)["completion_tokens"]) == 2**63 - 1
