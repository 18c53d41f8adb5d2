"""The records of the books as table rows, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Table

from headgate.model.books import AttemptRow, ExchangeRow, PolicyNote
from headgate.storage import tables
from headgate.storage.sql import MOST_INT, Row, Values, storable

_BODIES = ("request_body", "response_body")
_FLAGS = ("stream", "detail_logged")
_MOST_BYTES = 400
_INDEXED = ("user_id", "backend_id", "request_model", "routed_model", "session")
_read_notes = msgspec.json.Decoder(tuple[PolicyNote, ...]).decode
_read_tags = msgspec.json.Decoder(dict[str, str]).decode


class _Checked(msgspec.Struct, frozen=True):
    """Which columns of a table are looked at: those whose beginning alone an index takes, and
    those with whole numbers."""

    indexed: frozenset[int]
    counts: frozenset[int]


def _checked(table: Table) -> _Checked:
    columns = list(table.columns)
    indexed = [place for place, column in enumerate(columns) if column.name in _INDEXED]
    counts = [at for at, column in enumerate(columns) if isinstance(column.type, BigInteger)]
    return _Checked(frozenset(indexed), frozenset(counts))


_EXCHANGES = _checked(tables.exchanges)
_ATTEMPTS = _checked(tables.attempts)
_LOSSES = list(tables.exchanges.columns.keys()).index("losses")


def exchange_values(records: Iterable[ExchangeRow]) -> Sequence[Values]:
    """The rows of ``exchanges``, in the order of its columns."""
    return _fitting(list(map(_exchange_values, records)), _EXCHANGES)


def body_values(row: ExchangeRow) -> Row | None:
    """The row of ``exchange_bodies``; None where nothing was logged."""
    if row.request_body is None and row.response_body is None:
        return None
    bodies = {name: getattr(row, name) for name in _BODIES}
    return {"exchange_id": row.id, **bodies}


def attempt_values(records: Iterable[AttemptRow]) -> Sequence[Values]:
    """The rows of ``attempts``, in the order of its columns."""
    return _fitting(list(map(msgspec.structs.astuple, records)), _ATTEMPTS)


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


def _exchange_values(row: ExchangeRow) -> Values:
    # NULL where there is nothing to tell, which is nearly always.
    return (
        *msgspec.structs.astuple(row)[:_LOSSES],
        _json([str(name) for name in row.losses]) if row.losses else "[]",
        _json(row.policies) if row.policies else None,
        _json(row.tags) if row.tags else None,
    )


def _fitting(rows: Sequence[Values], checked: _Checked) -> Sequence[Values]:
    """`rows` with texts that an index takes and numbers that fit; nearly always as they are, which
    a look at the few values of a column is enough to know."""
    columns = list(zip(*rows, strict=True))
    texts = [set(columns[place]) for place in checked.indexed] if rows else []
    counts = [set(columns[place]) for place in checked.counts] if rows else []
    longest = max((len(text) for column in texts for text in column if text), default=0)
    largest = max((abs(count) for column in counts for count in column if count), default=0)
    if longest * 4 <= _MOST_BYTES and largest <= MOST_INT:
        return rows
    return [_shortened(values, checked) for values in rows]


def _shortened(values: Values, checked: _Checked) -> Values:
    return tuple(
        storable(short(value) if value and place in checked.indexed else value)
        for place, value in enumerate(values)
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
