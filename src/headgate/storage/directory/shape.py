"""The records of the directory as table rows, and back."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Boolean, Column, Table

from headgate.model.store_faults import RowRefused
from headgate.storage.sql import Row, storable

T = TypeVar("T", bound=msgspec.Struct)


class Shape(msgspec.Struct, Generic[T], frozen=True):
    """A table and the record that its rows are."""

    table: Table
    kind: type[T]

    def values(self, record: T) -> Row:
        """The row of `record`."""
        return {column.name: _stored(column, getattr(record, column.name)) for column in self}

    def changes(self, fields: Mapping[str, Any]) -> Row:
        """The columns of those `fields`. Raises TypeError where there is no such column."""
        unknown = fields.keys() - {column.name for column in self} | fields.keys() & {"id"}
        if unknown:
            raise TypeError(f"{self.table.name} has nothing to change called {sorted(unknown)}")
        return {name: _stored(self.table.c[name], value) for name, value in fields.items()}

    def record(self, row: Row) -> T:
        """The record in `row`."""
        return msgspec.convert({str(c.name): _read(c, row[c.name]) for c in self}, self.kind)

    def __iter__(self) -> Any:
        """The columns."""
        return iter(self.table.columns)


def json_text(value: Any) -> str:
    """`value` as it is stored. Raises RowRefused where it holds what is no text."""
    try:
        return str(storable(msgspec.json.encode(value).decode()))
    except UnicodeEncodeError as error:
        raise RowRefused("a text holds half a character") from error


def _stored(column: Column[Any], value: Any) -> Any:
    if value is not None and column.info.get("json"):
        return json_text(value)
    return value


def _read(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if column.info.get("json"):
        return msgspec.json.decode(value)
    return bool(value) if isinstance(column.type, Boolean) else value  # SQLite has no booleans
