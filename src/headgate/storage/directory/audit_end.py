"""The end of the audit log, sealed with the secret key: rows cut off there are noticed.

The seal moves on with every row, in the row's own transaction, and only from an end that holds: an
end that was tampered with stays broken however much is written after it.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, insert, literal_column, select, true, update

from headgate.storage.directory.chain import Link, Note, next_row
from headgate.storage.directory_tables import audit, audit_end
from headgate.storage.engine import Database
from headgate.storage.sql import Row, Step, insert_absent, upsert

_ONLY = 1
"""The id of the table's one row."""


class EndSeal:
    """Seals with the first of `keys`, knows the seals of all."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def of(self, link: Link) -> bytes:
        """The seal of `link` as the log's last."""
        return _mac(self._keys[0], link)

    def holds(self, link: Link, seal: bytes) -> bool:
        """Whether `seal` is one of `link`."""
        return any(hmac.compare_digest(_mac(key, link), seal) for key in self._keys)


class Tail(msgspec.Struct, frozen=True):
    """The log's last row, and what was sealed as such; ``sealed`` None: nothing was yet."""

    last: Link
    sealed: Link | None
    seal: bytes

    def holds(self, seal: EndSeal) -> bool:
        """Whether the last row is the one that was sealed."""
        return self.sealed == self.last and seal.holds(self.last, self.seal)


async def read_tail(database: Database) -> Tail:
    """Both, of the same moment."""
    row = (await database.fetch(_both()))[0]
    last = Link() if row["last_id"] is None else Link(row["last_id"], row["last_chain"])
    if row["row_id"] is None:
        return Tail(last, None, b"")
    return Tail(last, Link(row["row_id"], row["chain"]), row["seal"])


def appended(tail: Tail, note: Note, seal: EndSeal | None) -> list[Step]:
    """The steps that put `note` behind `tail` and move its seal on."""
    row = next_row(tail.last, note)
    steps = [Step(insert(audit), (row,))]
    if seal is not None and tail.holds(seal):
        steps.append(_moved(Link(row["id"], row["chain"]), seal))
    return steps


def first_seal(database: str, tail: Tail, seal: EndSeal) -> Step | None:
    """The step with which a start seals the end: of a log that is still empty, or anew where it is
    sealed with an older key. None where there is nothing to do."""
    if tail.sealed is None and tail.last == Link():
        return Step(insert_absent(database, audit_end), (_sealed(tail.last, seal),))
    if tail.holds(seal) and tail.seal != seal.of(tail.last):
        still = audit_end.c.seal == tail.seal
        return Step(update(audit_end).where(still).values(seal=seal.of(tail.last)))
    return None


def sealed_anew(database: str, tail: Tail, note: Note, seal: EndSeal) -> list[Step]:
    """The steps that put `note` behind `tail` and seal the end, whatever was sealed before."""
    row = next_row(tail.last, note)
    end = _sealed(Link(row["id"], row["chain"]), seal)
    return [Step(insert(audit), (row,)), Step(upsert(database, audit_end), (end,))]


def _both() -> Select[Any]:
    """One row, also of empty tables."""
    one = select(literal_column("1").label("one")).subquery()
    newest = select(audit.c.id, audit.c.chain).order_by(audit.c.id.desc()).limit(1).subquery()
    named = (newest.c.id.label("last_id"), newest.c.chain.label("last_chain"))
    joined = one.outerjoin(newest, true()).outerjoin(audit_end, true())
    return select(*named, audit_end.c.row_id, audit_end.c.chain, audit_end.c.seal).select_from(
        joined
    )


def _moved(link: Link, seal: EndSeal) -> Step:
    sealed = _sealed(link, seal)
    return Step(update(audit_end).where(audit_end.c.id == _ONLY).values(**sealed))


def _sealed(link: Link, seal: EndSeal) -> Row:
    return {"id": _ONLY, "row_id": link.id, "chain": link.chain, "seal": seal.of(link)}


def _mac(key: bytes, link: Link) -> bytes:
    return hmac.digest(key, link.id.to_bytes(8, "big") + link.chain, hashlib.sha256)
