"""The records of the books as table rows, and back."""

from typing import Any

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow, PolicyNote
from headgate.storage.sql import Row

_BODIES = ("request_body", "response_body")
_FLAGS = ("stream", "detail_logged")
_read_notes = msgspec.json.Decoder(tuple[PolicyNote, ...]).decode
_read_tags = msgspec.json.Decoder(dict[str, str]).decode


def exchange_values(row: ExchangeRow) -> Row:
    """The row of ``exchanges``."""
    values = msgspec.structs.asdict(row)
    for name in _BODIES:
        del values[name]
    values["losses"] = msgspec.json.encode([str(name) for name in row.losses]).decode()
    # NULL where there is nothing to tell, which is nearly always.
    values["policies"] = _json(row.policies) if row.policies else None
    values["tags"] = _json(row.tags) if row.tags else None
    return values


def body_values(row: ExchangeRow) -> Row | None:
    """The row of ``exchange_bodies``; None where nothing was logged."""
    if row.request_body is None and row.response_body is None:
        return None
    bodies = {name: getattr(row, name) for name in _BODIES}
    return {"exchange_id": row.id, **bodies}


def attempt_values(row: AttemptRow) -> Row:
    """The row of ``attempts``."""
    return msgspec.structs.asdict(row)


def exchange(values: Row, bodies: Row | None = None) -> ExchangeRow:
    """The record in a row of ``exchanges``; `bodies` is its row of ``exchange_bodies``."""
    fields: dict[str, Any] = dict(values)
    for name in _FLAGS:
        fields[name] = bool(fields[name])  # SQLite has no booleans
    fields["losses"] = tuple(msgspec.json.decode(fields["losses"]))
    fields["policies"] = _read_notes(fields["policies"] or "[]")
    fields["tags"] = _read_tags(fields["tags"] or "{}")
    for name in _BODIES:
        fields[name] = bodies[name] if bodies else None
    return ExchangeRow(**fields)


def attempt(values: Row) -> AttemptRow:
    """The record in a row of ``attempts``."""
    return AttemptRow(**values)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
