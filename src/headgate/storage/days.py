"""A range of time as whole days, whose figures are kept, and the pieces of days at its ends."""

import math

import msgspec

from headgate.model.figures import DAY_S

Piece = tuple[float, float]


class Days(msgspec.Struct, frozen=True):
    """The days from `first` (None: ever) to before `end` (None: for ever), and what lies in the
    range beside them."""

    first: int | None
    end: int | None
    pieces: tuple[Piece, ...] = ()

    @property
    def is_empty(self) -> bool:
        """There is no whole day."""
        return self.first is not None and self.end is not None and self.first >= self.end


def split(since: float | None, until: float | None) -> Days:
    """The days of the range; the days count from 1970 in UTC."""
    first = None if since is None else math.ceil(since / DAY_S)
    end = None if until is None else math.floor(until / DAY_S)
    if since is not None and until is not None and first is not None and end is not None:
        if until <= since:
            return Days(0, 0)
        if first > end:
            return Days(0, 0, ((since, until),))
    pieces: list[Piece] = []
    if since is not None and first is not None and since < first * DAY_S:
        pieces.append((since, float(first * DAY_S)))
    if until is not None and end is not None and end * DAY_S < until:
        pieces.append((float(end * DAY_S), until))
    return Days(first, end, tuple(pieces))
