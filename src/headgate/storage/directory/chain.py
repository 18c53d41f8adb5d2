"""The audit log's chain: each row's digest covers the row and the digest before it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.storage.directory.shape import json_text
from headgate.storage.sql import Row, storable

_COVERED = ("id", "at", "actor", "action", "subject", "detail")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator did. ``at`` is Unix time."""

    at: float
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


class Link(msgspec.Struct, frozen=True):
    """The last row of the log; ``id`` 0: there is none yet."""

    id: int = 0
    chain: bytes = bytes(32)


def next_row(last: Link, note: Note) -> Row:
    """The row of the audit log that follows `last`."""
    row = {
        "id": last.id + 1,
        "at": float(note.at),
        "actor": storable(note.actor),
        "action": storable(note.action),
        "subject": storable(note.subject),
        "detail": json_text(note.detail),
    }
    return {**row, "chain": digest(last.chain, row)}


def digest(before: bytes, row: Row) -> bytes:
    """The digest of `row`, as it is stored, after the digest `before`."""
    covered = msgspec.json.encode([row[name] for name in _COVERED])
    return hashlib.sha256(before + covered).digest()


def follows(last: Link, row: Row) -> bool:
    """Whether `row` is what follows `last`."""
    return bool(row["id"] == last.id + 1 and row["chain"] == digest(last.chain, row))
