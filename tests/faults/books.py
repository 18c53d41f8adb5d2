"""The request log as an operator reads it."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from headgate.testing import Gateway

Row = dict[str, Any]
_PATIENCE_S = 8.0


def row_of(gateway: Gateway, request_id: str) -> Row:
    """The row of an exchange, as soon as it is written."""
    return newest(gateway, lambda row: row["id"] == request_id)


def newest(gateway: Gateway, accept: Callable[[Row], bool]) -> Row:
    """The newest row that `accept` takes, as soon as there is one."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        rows = rows_of(gateway)
        found = next((row for row in rows if accept(row)), None)
        if found is not None:
            return found
        assert time.monotonic() < deadline_s, f"no such row among {rows}"
        time.sleep(0.02)


def rows_of(gateway: Gateway) -> list[Row]:
    """The newest rows, newest first."""
    return _read(gateway, "SELECT * FROM exchanges ORDER BY created_at DESC LIMIT 300")


def attempts_of(gateway: Gateway, request_id: str) -> list[Row]:
    """The attempts of an exchange whose row is written."""
    return _read(
        gateway, "SELECT * FROM attempts WHERE exchange_id = ? ORDER BY attempt", request_id
    )


def _read(gateway: Gateway, query: str, *values: str) -> list[Row]:
    path = gateway.data / "headgate.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query, values)]
