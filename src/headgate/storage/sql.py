"""SQLAlchemy statements as SQL text with positional parameters, for the drivers themselves.

Values pass as they are, without SQLAlchemy's own conversions: the tables use only types whose
values both drivers take natively.
"""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]

_MOST_INT = 2**63 - 1


class Sql(msgspec.Struct, frozen=True):
    """SQL text, its parameters' names in order, and the values that the statement itself holds."""

    text: str
    names: tuple[str, ...]
    held: Row

    def bind(self, row: Row | None = None) -> tuple[Any, ...]:
        """The parameters in order: those of `row`, else the statement's own."""
        values = {**self.held, **row} if row else self.held
        return tuple([storable(values[name]) for name in self.names])


class Step(msgspec.Struct, frozen=True):
    """One statement of a transaction, run once, or once a row where `rows` are given.

    Where one that `must_touch` touches no row, the whole transaction is undone.
    """

    statement: ClauseElement
    rows: tuple[Row, ...] | None = None
    must_touch: bool = False


class Untouched(Exception):  # noqa: N818 - named for the fact
    """A step touched no row although it must; a database catches it outside the transaction."""


@functools.lru_cache(maxsize=64)
def render(statement: ClauseElement, dialect: Dialect) -> Sql:
    """`statement` in the words of `dialect`, which must have a positional parameter style."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    return Sql(compiled.string, tuple(compiled.positiontup or ()), compiled.params)


def upsert(database: str, table: Table) -> ClauseElement:
    """Inserts a row, or overwrites all of the row that has its primary key."""
    insert = insert_into(database, table)
    keys = list(table.primary_key)
    rest = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    return insert.on_conflict_do_update(index_elements=keys, set_=rest)


def insert_absent(database: str, table: Table) -> ClauseElement:
    """Inserts a row unless its primary key is there already."""
    keys = list(table.primary_key)
    return insert_into(database, table).on_conflict_do_nothing(index_elements=keys)


def insert_into(database: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insert that may say what becomes of a row that is there already."""
    if database == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 2 MB that SQLite has no use for

    return postgresql.insert(table)


def storable(value: Any) -> Any:
    """`value` as both databases take it: text without NUL and lone surrogates, 64-bit integers."""
    mend = _MENDERS.get(type(value))
    return value if mend is None else mend(value)


def like_pattern(text: str) -> str:
    r"""A LIKE pattern that finds `text` itself anywhere, in lower case, with the escape ``\``."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _storable_text(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def _storable_int(number: int) -> int:
    if -_MOST_INT <= number <= _MOST_INT:
        return number
    return _MOST_INT if number > 0 else -_MOST_INT


def _storable_tuple(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(storable, values))


_MENDERS: Mapping[type, Callable[[Any], Any]] = {
    str: _storable_text,
    int: _storable_int,
    tuple: _storable_tuple,
}
