"""Recorded provider traffic, where it lies beside the repository; tests skip where it does not."""

import functools
import pathlib
from typing import Any

import msgspec
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "shared" / "recordings"


@functools.cache
def _rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    if not path.exists():
        return []
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def _params(rows: list[dict[str, Any]], *dialects: str) -> list[Any]:
    chosen = [
        pytest.param(row, id=f"{row['dialect']}-{number}-{row['source'].rpartition('/')[2][:60]}")
        for number, row in enumerate(rows)
        if not dialects or row["dialect"] in dialects
    ]
    skip = pytest.mark.skip(reason=f"no recordings in {FOLDER}")
    return chosen or [pytest.param(None, marks=skip, id="none")]


def streams(*dialects: str) -> list[Any]:
    """Parameters, one a recorded stream: keys ``dialect, url, status, request, sse``."""
    return _params(_rows("streams.jsonl"), *dialects)


def exchanges(*dialects: str) -> list[Any]:
    """Parameters, one a JSON exchange: keys ``dialect, url, status, request, response``."""
    return _params(_rows("exchanges.jsonl"), *dialects)
