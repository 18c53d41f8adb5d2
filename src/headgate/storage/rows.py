"""The records of the books as table rows, and back."""

import operator
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
    texts: "operator.itemgetter[Any]"
    counts: "operator.itemgetter[Any]"


def _checked(table: Table) -> _Checked:
    columns = list(table.columns)
    indexed = [place for place, column in enumerate(columns) if column.name in _INDEXED]
    counts = [at for at, column in enumerate(columns) if isinstance(column.type, BigInteger)]
    getter = operator.itemgetter
    return _Checked(frozenset(indexed), getter(*indexed), getter(*counts))


_EXCHANGES = _checked(tables.exchanges)
_ATTEMPTS = _checked(tables.attempts)
_LOSSES = list(tables.exchanges.columns.keys()).index("losses")


def exchange_values(row: ExchangeRow) -> Values:
    """The row of ``exchanges``, in the order of its columns."""
    values = msgspec.structs.astuple(row)[:_LOSSES]
    # NULL where there is nothing to tell, which is nearly always.
    return (
        *_fitting(values, _EXCHANGES),
        _json([str(name) for name in row.losses]) if row.losses else "[]",
        _json(row.policies) if row.policies else None,
        _json(row.tags) if row.tags else None,
    )


def body_values(row: ExchangeRow) -> Row | None:
    """The row of ``exchange_bodies``; None where nothing was logged."""
    if row.request_body is None and row.response_body is None:
        return None
    bodies = {name: getattr(row, name) for name in _BODIES}
    return {"exchange_id": row.id, **bodies}


def attempt_values(row: AttemptRow) -> Values:
    """The row of ``attempts``, in the order of its columns."""
    return _fitting(msgspec.structs.astuple(row), _ATTEMPTS)


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


def _fitting(values: Values, checked: "_Checked") -> Values:
    """`values` with texts that an index takes and numbers that fit; nearly always as they are."""
    longest = max(map(len, filter(None, checked.texts(values))), default=0)
    counted = sum(map(abs, filter(None, checked.counts(values))))
    if longest * 4 <= _MOST_BYTES and counted <= MOST_INT:
        return values
    return tuple(
        storable(short(value) if value and place in checked.indexed else value)
        for place, value in enumerate(values)
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
