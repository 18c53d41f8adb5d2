"""A database that can be switched off and that dislikes some rows."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.sql import ClauseElement

from headgate.model.store_faults import RowRefused, StoreUnreachable
from headgate.storage.sql import Row, Step


class FakeDatabase:
    """Keeps the rows it was given, by table; the last one with a key wins."""

    name = "sqlite"

    def __init__(self) -> None:
        self.down = False
        self.dislikes: Callable[[Row], bool] = lambda row: False
        self.batches: list[int] = []
        self.exchanges: dict[str, Row] = {}
        self.attempts: dict[tuple[str, int], Row] = {}

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        raise NotImplementedError

    async def write(self, steps: Sequence[Step]) -> int:
        if self.down:
            raise StoreUnreachable("switched off")
        if any(self.dislikes(row) for step in steps for row in step.rows or ()):
            raise RowRefused("disliked")
        self.batches.append(sum(len(step.rows or ()) for step in steps))
        for step in steps:
            self._keep(step)
        return self.batches[-1]

    async def schema_version(self) -> str | None:
        return None

    async def upgrade(self, statements: Callable[[str | None], Sequence[str]]) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass

    def _keep(self, step: Step) -> None:
        statement: Any = step.statement
        absent_only = "DO NOTHING" in str(statement)
        for row in step.rows or ():
            if statement.table.name == "exchanges":
                _put(self.exchanges, row["id"], row, absent_only)
            elif statement.table.name == "attempts":
                _put(self.attempts, (row["exchange_id"], row["attempt"]), row, absent_only)


def _put(rows: dict[Any, Row], key: Any, row: Row, absent_only: bool) -> None:
    if not (absent_only and key in rows):
        rows[key] = row
