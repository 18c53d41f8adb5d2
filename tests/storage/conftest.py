"""Every store is tested on SQLite and on a real PostgreSQL."""

import os
import pathlib
from collections.abc import AsyncIterator, Iterator

import pytest

from headgate.storage.engine import Database, open_database
from headgate.storage.migrate import migrate
from tests.storage.postgres_server import PostgresServer, running


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer | None]:
    """One server for the session; None where there is none to start."""
    yield from running()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer | None) -> str:
    """A new, empty PostgreSQL database."""
    if postgres_server is None:
        assert "CI" not in os.environ, "PostgreSQL's server programs are missing"
        pytest.skip("PostgreSQL's server programs are not installed")
    return postgres_server.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    """A new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/headgate.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def empty_database(database_url: str) -> AsyncIterator[Database]:
    """A database without tables."""
    database = open_database(database_url)
    yield database
    await database.aclose()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """A database with the newest schema."""
    await migrate(empty_database)
    return empty_database
