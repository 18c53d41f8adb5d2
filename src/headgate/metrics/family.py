"""A metric family: one name, and a row of numbers for each set of label values.

A row is a plain list, so that counting costs a lookup and an addition. The number of rows is
bounded: when it is reached, every further set of label values is counted as `OTHER`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Literal

Labels = tuple[str, ...]
Row = list[float]
Kind = Literal["counter", "gauge", "histogram"]

MOST_ROWS = 1000
OTHER = "other"


class Family:
    """A counter or, with `bounds`, a histogram; `labels` are the labels' names.

    A counter's row is its value; a histogram's are the counts of its buckets, not cumulative, one
    more for what lies above the last bound, and the sum.
    """

    __slots__ = ("_empty", "_most", "_other", "bounds", "help", "kind", "labels", "name", "rows")

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002 - Prometheus's own word
        labels: Labels = (),
        bounds: Sequence[float] = (),
        most: int = MOST_ROWS,
    ) -> None:
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = tuple(bounds)
        self.kind: Kind = "histogram" if bounds else "counter"
        self.rows: dict[Labels, Row] = {}
        self._empty: Row = [0.0] * (len(self.bounds) + 2 if bounds else 1)
        self._other: Labels = (OTHER,) * len(labels)
        self._most = most

    def add(self, labels: Labels, amount: float = 1.0) -> None:
        """Counts."""
        row = self.rows.get(labels)
        if row is None:
            row = self._new(labels)
        row[0] += amount

    def observe(self, labels: Labels, value: float) -> None:
        """Notes one value of a histogram."""
        row = self.rows.get(labels)
        if row is None:
            row = self._new(labels)
        row[bisect_left(self.bounds, value)] += 1
        row[-1] += value

    def merge(self, labels: Labels, numbers: Iterable[float]) -> None:
        """Adds a whole row to the row of `labels`."""
        row = self.rows.get(labels)
        if row is None:
            row = self._new(labels)
        for place, number in enumerate(numbers):
            row[place] += number

    def _new(self, labels: Labels) -> Row:
        if len(self.rows) >= self._most:
            labels = self._other
        return self.rows.setdefault(labels, self._empty.copy())
