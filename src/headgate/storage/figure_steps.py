"""The statements that add to the figures.

Every transaction takes the rows of a table in one order, so that two that meet do not wait for
each other for ever.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.sql import ClauseElement

from headgate.storage.figure_tables import figures, known_names, series, tallies
from headgate.storage.figuring import SUMS, Change, SeriesKey
from headgate.storage.sql import Step, insert_into

_KEY = ("level", "user_id", "backend_id", "request_model", "routed_model")


class FigureSteps:
    """The statements in the words of one kind of database."""

    def __init__(self, database: str) -> None:
        self._series = _latest(database, series, _KEY)
        self._names = _latest(database, known_names, ("kind", "id", "name"))
        self._figures = _added(database, figures, ("day",), SUMS)
        self._tallies = _added(database, tallies, ("day", "measure", "bucket"), ("n", "total"))

    def of(self, change: Change) -> list[Step]:
        """The steps that make the change."""
        noted = [{**_keyed(key), "last_day": day} for key, day in sorted(change.last_days.items())]
        names = [
            {"kind": kind, "id": id_, "name": name, "last_day": day}
            for (kind, id_, name), day in sorted(change.names.items())
        ]
        sums = [
            {**_keyed(key), "day": day, **dict(zip(SUMS, values, strict=True))}
            for (key, day), values in sorted(change.sums.items())
        ]
        counts = [
            {
                **_keyed(key),
                "day": day,
                "measure": measure,
                "bucket": bucket,
                "n": n,
                "total": total,
            }
            for (key, day, measure, bucket), (n, total) in sorted(change.tallies.items())
        ]
        every = (
            (self._series, noted),
            (self._names, names),
            (self._figures, sums),
            (self._tallies, counts),
        )
        return [Step(statement, tuple(rows)) for statement, rows in every if rows]


def _keyed(key: SeriesKey) -> Mapping[str, Any]:
    return dict(zip(_KEY, key, strict=True))


def _latest(database: str, table: Table, key: tuple[str, ...]) -> ClauseElement:
    """Inserts a row, or moves its last day on."""
    values: dict[str, Any] = {name: bindparam(name) for name in (*key, "last_day")}
    made = insert_into(database, table).values(values)
    return made.on_conflict_do_update(
        index_elements=[table.c[name] for name in key],
        set_={"last_day": made.excluded["last_day"]},
        where=table.c.last_day < made.excluded["last_day"],
    )


def _added(
    database: str, table: Table, key: tuple[str, ...], summed: tuple[str, ...]
) -> ClauseElement:
    """Inserts a row of a series, or adds to it."""
    id_ = select(series.c.id).where(*(series.c[name] == bindparam(name) for name in _KEY))
    values: dict[str, Any] = {name: bindparam(name) for name in (*key, *summed)}
    made = insert_into(database, table).values({"series": id_.scalar_subquery(), **values})
    return made.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + made.excluded[name] for name in summed},
    )
