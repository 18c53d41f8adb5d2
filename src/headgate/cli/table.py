"""Rows of the admin API as text for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Row = Mapping[str, Any]

_COLUMNS = (
    "id",
    "name",
    "role",
    "user",
    "backend",
    "base_url",
    "speaks",
    "email",
    "is_active",
    "hint",
    "created_at",
    "expires_at",
    "revoked_at",
    "source",
)


def table(rows: Sequence[Row]) -> str:
    """Rows under the names of their columns, aligned."""
    if not rows:
        return "none"
    columns = [name for name in _COLUMNS if any(row.get(name) is not None for row in rows)]
    told = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*told, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in told
    )


def lines(row: Row) -> str:
    """One row, a field a line; what is not set is left out."""
    return "\n".join(f"{name}: {_cell(value)}" for name, value in row.items() if value is not None)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return "".join(
                sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in value
            )
        case list() if all(isinstance(item, str) for item in value):
            return ",".join(map(_cell, value)) or "-"
        case dict():
            said = {name: item for name, item in value.items() if item is not None}
            return " ".join(f"{name}={_cell(item)}" for name, item in said.items()) or "-"
        case _:
            return msgspec.json.encode(value).decode()
