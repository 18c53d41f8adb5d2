"""What a journal took last, kept in memory as well, so that it need not be read back."""

import bisect

from headgate.model.books import AttemptRow, ExchangeRow
from headgate.storage.journal import Batch, Position

MOST = 5_000
"""Records; they have no bodies, so that they take a few megabytes at the most."""

Row = AttemptRow | ExchangeRow


class Recent:
    """The rows behind a place of the journal, with the place after each: all of them, or none.

    Where they are too many, or one has bodies, they are let go and the journal is read.
    """

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._places: list[Position] = []
        self._begins: Position | None = Position()

    def take(self, row: Row, after: Position) -> None:
        """The journal has it, and goes on at `after`."""
        if self._begins is None:
            return
        bodies = isinstance(row, ExchangeRow) and (row.request_body or row.response_body)
        if bodies or len(self._rows) >= MOST:
            self._drop(len(self._rows))
            self._begins = None
            return
        self._rows.append(row)
        self._places.append(after)

    def after(self, place: Position, end: Position, most: int) -> Batch | None:
        """The rows from `place` up to `end`, at most so many; None where the journal must be
        read."""
        if self._begins is None or place < self._begins:
            return None
        there = bisect.bisect_right(self._places, end)
        if there <= most:
            return Batch(tuple(self._rows[:there]), end)
        return Batch(tuple(self._rows[:most]), self._places[most - 1])

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
        del self._rows[:count], self._places[:count]
