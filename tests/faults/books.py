"""The request log as an operator reads it."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.faults.caller import Answer

Row = dict[str, Any]
_PATIENCE_S = 8.0


class Kept(Protocol):
    """Where a gateway keeps its books."""

    data: Path


class Expected:
    """What the rows of a module's exchanges must say; looked up once, when all are written."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, Row]] = {}

    def outcome(self, answer: Answer, outcome: str, **columns: Any) -> None:
        """The row of `answer` must have this outcome, the status that was answered, and these."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        said = {"status_code": answer.status, "outcome": outcome, **columns}
        self._said[answer.id] = (test, said)

    def check(self, kept: Kept) -> None:
        """Asserts all that was said, and that every attempt has its row."""
        wrong = []
        for request_id, (test, said) in self._said.items():
            row = row_of(kept, request_id)
            attempts = attempts_of(kept, request_id)
            last = attempts[-1]["outcome"] if attempts else row["outcome"]
            differs = [name for name, value in said.items() if row[name] != value]
            if differs or (len(attempts), last) != (row["attempts"], row["outcome"]):
                wrong.append((test, said, row, attempts))
        assert not wrong


def row_of(kept: Kept, request_id: str) -> Row:
    """The row of an exchange, as soon as it is written."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        rows = _read(kept, "SELECT * FROM exchanges WHERE id = ?", request_id)
        if rows:
            return rows[0]
        assert time.monotonic() < deadline_s, f"the exchange {request_id} has no row"
        time.sleep(0.02)


def newest(kept: Kept, accept: Callable[[Row], bool]) -> Row:
    """The newest row that `accept` takes, as soon as there is one."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        rows = rows_of(kept)
        found = next((row for row in rows if accept(row)), None)
        if found is not None:
            return found
        assert time.monotonic() < deadline_s, f"no such row among {rows}"
        time.sleep(0.02)


def rows_of(kept: Kept) -> list[Row]:
    """The newest rows, newest first."""
    return _read(kept, "SELECT * FROM exchanges ORDER BY created_at DESC")


def attempts_of(kept: Kept, request_id: str) -> list[Row]:
    """The attempts of an exchange whose row is written."""
    return _read(kept, "SELECT * FROM attempts WHERE exchange_id = ? ORDER BY attempt", request_id)


def _read(kept: Kept, query: str, *values: str) -> list[Row]:
    path = kept.data / "headgate.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query, values)]
