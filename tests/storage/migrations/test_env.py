import pytest
from sqlalchemy import Dialect, MetaData, create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from headgate.storage.directory_tables import users
from headgate.storage.schema_script import statements
from headgate.storage.stored_tables import stored_responses

metadata = users.metadata
assert stored_responses.metadata is metadata, "all tables are made together"
DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": sqlite.dialect,
    "postgresql": postgresql.dialect,
}


def _words(statement: str) -> set[str]:
    return set(statement.replace(",", " ").split())


def _made(script: list[str]) -> list[set[str]]:
    """The words of every statement; columns that come later count as if made with their table."""
    made: dict[str, set[str]] = {}
    for statement in script:
        if statement.startswith("ALTER TABLE"):
            _, _, table, _, _, *column = statement.split()
            made[table] |= set(column)
        else:
            subject = statement.split()[2] if statement.startswith("CREATE TABLE") else statement
            made[subject] = _words(statement)
    return list(made.values())


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_the_revisions_make_what_the_tables_say(name: str) -> None:
    dialect = DIALECTS[name]()
    made = _made(statements(dialect.name, None))
    for table in metadata.sorted_tables:
        assert _words(str(CreateTable(table).compile(dialect=dialect))) in made
        for index in table.indexes:
            # Partial indexes are so for both; the tables say it for SQLite alone.
            partial = index.dialect_options["sqlite"]["where"]
            index.dialect_options["postgresql"]["where"] = partial
            assert _words(str(CreateIndex(index).compile(dialect=dialect))) in made
    tables = [words for words in made if "TABLE" in words]
    assert len(tables) == len(metadata.sorted_tables) + 1  # Alembic's own


def test_sqlite_itself_sees_the_same_columns_in_both() -> None:
    seen = []
    for script in (statements("sqlite", None), None):
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            if script is None:
                metadata.create_all(connection)
            for statement in script or ():
                connection.exec_driver_sql(statement).close()
            found = MetaData()
            found.reflect(connection)
        engine.dispose()
        seen.append({t.name: {c.name: str(c.type) for c in t.columns} for t in found.sorted_tables})
    del seen[0]["alembic_version"]
    assert seen[0] == seen[1]
