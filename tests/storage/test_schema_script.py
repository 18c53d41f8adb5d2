import pytest

from headgate.storage.migrate import HEAD
from headgate.storage.schema_script import fresh, statements


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_script_is_statements_without_comments_or_transaction(dialect: str) -> None:
    found = statements(dialect, None)
    assert any(statement.startswith("CREATE TABLE exchanges") for statement in found)
    assert not any(statement.startswith(("--", "BEGIN", "COMMIT")) for statement in found)
    assert not any(statement.endswith(";") for statement in found)


def test_there_is_nothing_to_do_at_the_newest_revision() -> None:
    assert statements("sqlite", HEAD) == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_empty_database_has_no_rows_to_move(dialect: str) -> None:
    every, kept = statements(dialect, None), fresh(dialect)
    left_out = [one for one in every if one not in kept]
    assert [one for one in every if one in kept] == kept
    assert all(one.startswith(("UPDATE ", "INSERT INTO ")) for one in left_out)
    assert not any("alembic_version" in one or " VALUES " in one for one in left_out)
