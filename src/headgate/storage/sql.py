"""SQLAlchemy statements as SQL text with positional parameters, for the drivers themselves.

Values pass as they are, without SQLAlchemy's own conversions: the tables use only types whose
values both drivers take natively.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]
Values = tuple[Any, ...]
"""The values of a row in the order of its table's columns, storable as they are."""

MOST_INT = 2**63 - 1

_encode = msgspec.json.Encoder().encode


class Sql(msgspec.Struct, frozen=True):
    """SQL text, its parameters' names in order, and the values that the statement itself holds."""

    text: str
    names: tuple[str, ...]
    held: Row

    def bind(self, row: Row | Values | None = None) -> Values:
        """The parameters in order: those of `row`, else the statement's own."""
        if isinstance(row, tuple):
            return row
        values = {**self.held, **row} if row else self.held
        return tuple([storable(values[name]) for name in self.names])


class Step(msgspec.Struct, frozen=True):
    """One statement of a transaction, run once, or once a row where `rows` are given: `Values`
    only where the statement inserts a whole row.

    Where one that `must_touch` touches no row, the whole transaction is undone.
    """

    statement: ClauseElement
    rows: Sequence[Row | Values] | None = None
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


def storable_rows(rows: Sequence[Values]) -> Sequence[Values]:
    """`rows` with storable text. Nearly always nothing is to be mended, and one look at all of
    them together is enough to know; numbers must be storable already."""
    try:
        if b"\\u0000" not in _encode(rows):
            return rows
    except UnicodeEncodeError:
        pass  # a lone surrogate
    return [_storable_tuple(row) for row in rows]


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
    if -MOST_INT <= number <= MOST_INT:
        return number
    return MOST_INT if number > 0 else -MOST_INT


def _storable_tuple(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(storable, values))


_MENDERS: Mapping[type, Callable[[Any], Any]] = {
    str: _storable_text,
    int: _storable_int,
    tuple: _storable_tuple,
}
