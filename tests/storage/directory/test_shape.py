import pytest

from headgate.model.directory import KeyRow, UserRow
from headgate.model.store_faults import RowRefused
from headgate.storage.directory.shape import Shape, json_text
from headgate.storage.directory_tables import keys, users
from tests.storage.directory.samples import key, user

USERS = Shape(users, UserRow)


def test_a_record_survives_its_row_even_where_flags_are_numbers() -> None:
    row = dict(USERS.values(user(email="null")))
    assert row["models"] == '["fast","gpt-4o*"]'
    row["is_active"] = 1
    assert USERS.record(row) == user(email="null")
    assert Shape(keys, KeyRow).record(Shape(keys, KeyRow).values(key())) == key()


def test_changes_are_columns_and_never_the_id() -> None:
    assert USERS.changes({"models": None, "name": "x"}) == {"models": None, "name": "x"}
    with pytest.raises(TypeError):
        USERS.changes({"id": "x"})


def test_json_that_is_no_text_is_refused() -> None:
    assert json_text({"a": "b"}) == '{"a":"b"}'
    with pytest.raises(RowRefused):
        json_text("\ud800")
