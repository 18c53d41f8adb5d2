"""The records of the books as table rows, and back."""

from typing import Any

import msgspec

from headgate.model.books import AttemptRow, ExchangeRow, PolicyNote
from headgate.storage.sql import Row

_BODIES = ("request_body", "response_body")
_FLAGS = ("stream", "detail_logged")
_MOST_BYTES = 400
_INDEXED = ("user_id", "backend_id", "request_model", "routed_model", "session")
_read_notes = msgspec.json.Decoder(tuple[PolicyNote, ...]).decode
_read_tags = msgspec.json.Decoder(dict[str, str]).decode


def exchange_values(row: ExchangeRow) -> Row:
    """The row of ``exchanges``."""
    values = msgspec.structs.asdict(row)
    for name in _BODIES:
        del values[name]
    _shorten(values)
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
    values = msgspec.structs.asdict(row)
    _shorten(values)
    return values


def short(text: str) -> str:
    """The beginning of `text` that an index takes; PostgreSQL's have room for 2.7 KB a row."""
    if len(text) * 4 <= _MOST_BYTES:
        return text
    return text.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")


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


def _shorten(values: dict[str, Any]) -> None:
    for name in _INDEXED:
        if values.get(name):
            values[name] = short(values[name])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
