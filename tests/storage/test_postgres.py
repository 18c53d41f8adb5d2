import asyncio
import pathlib

import pytest
from sqlalchemy import text

from headgate.model.store_faults import StoreUnreachable
from headgate.storage.migrate import migrate
from headgate.storage.postgres import PostgresDatabase


async def test_a_server_that_is_not_there_is_unreachable(tmp_path: pathlib.Path) -> None:
    database = PostgresDatabase(f"postgresql://u:secret@/db?host={tmp_path}")
    with pytest.raises(StoreUnreachable, match="cannot be used") as caught:
        await database.schema_version()
    assert "secret" not in str(caught.value)
    await database.aclose()


async def test_a_wrong_option_in_the_url_is_said(tmp_path: pathlib.Path) -> None:
    database = PostgresDatabase("postgresql://u@localhost/db?sslmode=nonsense")
    with pytest.raises(StoreUnreachable, match="URL is wrong"):
        await database.schema_version()
    await database.aclose()


async def test_processes_that_start_together_upgrade_once(postgres_url: str) -> None:
    databases = [PostgresDatabase(postgres_url) for _ in range(4)]
    try:
        await asyncio.gather(*(migrate(database) for database in databases))
        [row] = await databases[0].fetch(text("SELECT count(*) AS n FROM alembic_version"))
    finally:
        await asyncio.gather(*(database.aclose() for database in databases))
    assert row["n"] == 1


async def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    killer = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(StoreUnreachable):
        await database.fetch(killer)
    assert await database.schema_version() is None
    await database.aclose()
