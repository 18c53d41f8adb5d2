"""The database is away while requests come: they are served, and their rows are written later."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from headgate.storage.engine import open_database
from headgate.storage.tables import exchanges
from headgate.testing import Gateway, ScriptedUpstream
from tests.faults.caller import Line, question, request
from tests.faults.process import until
from tests.storage.postgres_server import PostgresServer, binaries

REQUESTS = 150
KEY = "a-long-key-of-alice"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, since it is taken away."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    server = PostgresServer(programs)
    server.start()
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.signal(signal.SIGCONT)
        server.stop()


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


def test_a_database_that_stands_still_holds_nobody_up_and_misses_nothing(
    server: PostgresServer, upstream: ScriptedUpstream
) -> None:
    url = server.create_database()
    with Gateway(_config(url, upstream)) as gateway:
        _ask(gateway, 5)
        server.signal(signal.SIGSTOP)
        _ask(gateway, REQUESTS)
        server.signal(signal.SIGCONT)
        assert until(lambda: _rows(url) == REQUESTS + 5)
        assert "Traceback" not in gateway.log


def test_a_database_that_is_gone_holds_nobody_up_and_misses_nothing(
    server: PostgresServer, upstream: ScriptedUpstream
) -> None:
    url = server.create_database()
    with Gateway(_config(url, upstream)) as gateway:
        _ask(gateway, 5)
        server.halt()
        _ask(gateway, REQUESTS)
        with Line(gateway.url) as line:
            path, token = "/admin/users", f"Bearer {gateway.admin_token}"
            line.send(request(path, b"", "GET", authorization=token))
            assert line.answer().status == 503
        server.resume()
        assert until(lambda: _rows(url) == REQUESTS + 5)
        assert "Traceback" not in gateway.log


def _config(url: str, upstream: ScriptedUpstream) -> dict[str, Any]:
    return {
        "database": url,
        "backends": {"up": {"base_url": upstream.url, "speaks": ["chat"], "models": ["mock"]}},
        "users": [{"name": "alice", "api_key": KEY, "backends": ["up"]}],
    }


def _ask(gateway: Gateway, times: int) -> None:
    body = question("chat", "mock", stream=False)
    with Line(gateway.url) as line:
        for _ in range(times):
            line.send(request("/v1/chat/completions", body, x_api_key=KEY))
            assert line.answer().status == 200


def _rows(url: str) -> int:
    async def count() -> int:
        database = open_database(url)
        try:
            return len(await database.fetch(select(exchanges.c.id)))
        finally:
            await database.aclose()

    return asyncio.run(count())
