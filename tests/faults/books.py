"""The request log as an operator reads it."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.faults.caller import Answer, get

T = TypeVar("T")
Row = dict[str, Any]
_PATIENCE_S = 20.0


class Running(Protocol):
    """A gateway that runs."""

    url: str
    admin_token: str


class Expected:
    """What the rows of a module's exchanges must say; looked up once, when all are written."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, Row]] = {}

    def outcome(self, answer: Answer, outcome: str, **columns: Any) -> None:
        """The row of `answer` must have this outcome, the status that was answered, and these."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        said = {"status_code": answer.status, "outcome": outcome, **columns}
        self._said[answer.id] = (test, said)

    def check(self, data: Path) -> None:
        """Asserts all that was said, and that every attempt has its row in that data folder."""
        rows = _soon(lambda: self._all_of(rows_in(data)))
        assert rows is not None, f"exchanges have no row: {self._said.keys()}"
        attempts: dict[str, list[str]] = {}
        for attempt in _select(data, "SELECT * FROM attempts ORDER BY attempt"):
            attempts.setdefault(attempt["exchange_id"], []).append(attempt["outcome"])
        wrong = []
        for request_id, (test, said) in self._said.items():
            row, tried = rows[request_id], attempts.get(request_id, [])
            last = tried[-1] if tried else row["outcome"]
            differs = [name for name, value in said.items() if row[name] != value]
            if differs or (len(tried), last) != (row["attempts"], row["outcome"]):
                wrong.append((test, said, row))
        assert not wrong

    def _all_of(self, rows: list[Row]) -> dict[str, Row] | None:
        """The rows by id; None while one is missing."""
        by_id = {row["id"]: row for row in rows}
        return by_id if self._said.keys() <= by_id.keys() else None


def row_of(gateway: Running, request_id: str) -> Row:
    """The row of an exchange with its attempts' rows, as soon as it is written."""
    row = _soon(lambda: _fetch(gateway, f"/admin/requests/{request_id}"))
    assert row is not None, f"the exchange {request_id} has no row: {rows_of(gateway)}"
    return row


def newest(gateway: Running, accept: Callable[[Row], bool]) -> Row:
    """The newest row that `accept` takes, as soon as there is one."""
    row = _soon(lambda: next((row for row in rows_of(gateway) if accept(row)), None))
    assert row is not None, f"no such row among {rows_of(gateway)}"
    return row


def rows_of(gateway: Running) -> list[Row]:
    """The newest rows, newest first."""
    page = _fetch(gateway, "/admin/analytics/requests?limit=100&offset=0")
    assert page is not None
    rows: list[Row] = page["rows"]
    return rows


def rows_in(data: Path) -> list[Row]:
    """The rows in a data folder, newest first."""
    return _select(data, "SELECT * FROM exchanges ORDER BY created_at DESC")


def stored(data: Path) -> bytes:
    """All bytes in the data folder of a gateway that runs, and so takes files away meanwhile."""
    whole = b""
    for path in data.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            whole += path.read_bytes()
    return whole


def _select(data: Path, query: str) -> list[Row]:
    database = sqlite3.connect(f"file:{data / 'headgate.db'}?mode=ro", uri=True)
    with contextlib.closing(database):
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]


def _fetch(gateway: Running, path: str) -> Row | None:
    answer = get(gateway.url, path, authorization=f"Bearer {gateway.admin_token}")
    if answer.status == 404:
        return None
    assert answer.status == 200, answer
    found: Row = answer.json
    return found


def _soon(find: Callable[[], T | None]) -> T | None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while (found := find()) is None and time.monotonic() < deadline_s:
        time.sleep(0.03)
    return found
