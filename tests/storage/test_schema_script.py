import pytest

from headgate.storage.migrate import HEAD
from headgate.storage.schema_script import statements


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_script_is_statements_without_comments_or_transaction(dialect: str) -> None:
    found = statements(dialect, None)
    assert any(statement.startswith("CREATE TABLE exchanges") for statement in found)
    assert not any(statement.startswith(("--", "BEGIN", "COMMIT")) for statement in found)
    assert not any(statement.endswith(";") for statement in found)


def test_there_is_nothing_to_do_at_the_newest_revision() -> None:
    assert statements("sqlite", HEAD) == []
