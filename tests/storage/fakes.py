"""A database that can be switched off and that dislikes some rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowConflict, RowRefused, StoreUnreachable
from headgate.storage.sql import Row, Step, Values

BOOKS = ("exchanges", "exchange_bodies", "attempts")


class FakeDatabase:
    """Keeps the rows of the books, by table, and takes figures without a look at them."""

    name = "sqlite"

    def __init__(self) -> None:
        self.down = False
        self.dislikes: Callable[[Row], bool] = lambda row: False
        self.batches: list[int] = []
        self.exchanges: dict[str, Row] = {}
        self.attempts: dict[tuple[str, int], Row] = {}

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """All rows of the table."""
        there: dict[str, list[Row]] = {
            "exchanges": list(self.exchanges.values()),
            "attempts": list(self.attempts.values()),
        }
        return there[_table(statement.get_final_froms()[0])]  # type: ignore[attr-defined]

    async def write(self, steps: Sequence[Step]) -> int:
        if self.down:
            raise StoreUnreachable("switched off")
        if any(self.dislikes(row) for step in steps for row in rows_of(step)):
            raise RowRefused("disliked")
        books = [step for step in steps if _written(step) in BOOKS]
        if any(self._contradicts(step) for step in books):
            raise RowConflict("there already")
        self.batches.append(sum(len(step.rows or ()) for step in books))
        for step in books:
            self._keep(step)
        return self.batches[-1]

    async def schema_version(self) -> str | None:
        return None

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass

    def _contradicts(self, step: Step) -> bool:
        if "ON CONFLICT" in str(step.statement):
            return False
        return any(key in kept for kept, key, _ in self._places(step))

    def _keep(self, step: Step) -> None:
        for kept, key, row in self._places(step):
            kept[key] = row

    def _places(self, step: Step) -> Iterator[tuple[dict[Any, Row], Any, Row]]:
        for row in rows_of(step):
            if _written(step) == "exchanges":
                yield self.exchanges, row["id"], row
            elif _written(step) == "attempts":
                yield self.attempts, (row["exchange_id"], row["attempt"]), row


def rows_of(step: Step) -> list[Row]:
    """The rows of a step by the names of their columns."""
    return [named(_into(step), row) if isinstance(row, tuple) else row for row in step.rows or ()]


def named(table: Table, values: Values) -> Row:
    """The row of `table` with those values in the order of its columns."""
    return dict(zip(table.columns.keys(), values, strict=True))


def _into(step: Step) -> Table:
    table = step.statement.table  # type: ignore[attr-defined]
    assert isinstance(table, Table)
    return table


def _written(step: Step) -> str:
    return _table(_into(step))


def _table(table: Any) -> str:
    return str(table.name)
