"""What a journal took last, kept in memory as well, so that it need not be read back."""

import bisect
import itertools

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.journal import Batch, Position

MOST = 10_000
"""Entries; their rows have no bodies, so that they take 10 to 15 MB at the most."""

Row = AttemptRow | ExchangeRow
Entry = tuple[Row, ...]
"""What was written at once."""


class Recent:
    """The entries behind a place of the journal, with the place after each: all of them, or none.

    Where they are too many, or one has bodies, they are let go and the journal is read.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._places: list[Position] = []
        self._begins: Position | None = Position()

    def take(self, entry: Entry, after: Position) -> None:
        """The journal has it, and goes on at `after`."""
        if self._begins is None:
            return
        # Of rows written at once, the last alone may be an exchange's.
        last = entry[-1]
        bodies = isinstance(last, ExchangeRow) and (last.request_body or last.response_body)
        if bodies or len(self._entries) >= MOST:
            self._drop(len(self._entries))
            self._begins = None
            return
        self._entries.append(entry)
        self._places.append(after)

    def after(self, place: Position, end: Position, most: int) -> Batch | None:
        """The rows from `place` up to `end`, of so many entries at the most; None where the journal
        must be read."""
        if self._begins is None or place < self._begins:
            return None
        there = bisect.bisect_right(self._places, end)
        after = end if there <= most else self._places[most - 1]
        return Batch(tuple(itertools.chain.from_iterable(self._entries[: min(there, most)])), after)

    def forget(self, place: Position) -> None:
        """The rows before `place` are in the database. Where none is missing behind it, what
        comes is kept again."""
        self._drop(bisect.bisect_right(self._places, place))
        if self._begins is not None:
            self._begins = max(self._begins, place)

    def begin_again(self, place: Position) -> None:
        """All before `place`, the journal's end, is in the database."""
        if self._begins is None:
            self._begins = place

    def _drop(self, count: int) -> None:
        del self._entries[:count], self._places[:count]
