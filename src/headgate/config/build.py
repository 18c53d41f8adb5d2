"""From a tree of a document to the records of the configuration, with everything that does not fit.

The records' types are walked, not named: a new key needs its line in a section and nothing here.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import inspect as types

from headgate.config.formats import TEXTS, UNITS
from headgate.config.problems import Findings, nearest
from headgate.config.tree import Entry, Node, Scalar, Table, is_null
from headgate.config.tree import Sequence as ListNode

T = TypeVar("T")


class Places:
    """Where the records and the items of lists stood: by identity, while a document is read."""

    def __init__(self) -> None:
        self._nodes: dict[int, tuple[Any, Node]] = {}

    def note(self, record: object, node: Node) -> None:
        """Remembers that `record` was made from `node`."""
        self._nodes[id(record)] = (record, node)

    def says(self, record: object, key: str) -> bool:
        """Whether `record` was made from a mapping that says `key`, rightly or wrongly."""
        node = self._nodes[id(record)][1]
        entry = node.find(key) if isinstance(node, Table) else None
        return entry is not None and not is_null(entry.value)

    def line(self, record: object, *path: str | int) -> int | None:
        """The line of `record`, or of what `path` leads to inside it as far as it goes."""
        if id(record) not in self._nodes:
            return None
        node = self._nodes[id(record)][1]
        line = node.line
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            node, line = found
        return line


class Builder:
    """Makes values of declared types from nodes; says in `findings` where it cannot."""

    def __init__(self, findings: Findings, places: Places) -> None:
        self._findings = findings
        self._places = places

    def record(self, kind: type[T], node: Node, where: str = "") -> T | None:
        """A record of the type `kind`; None where what it must have is missing or wrong.

        What is optional and wrong has its default, so that as much as possible can be checked.
        """
        value = self._value(types.type_info(kind), node, where)
        return None if value is _FAILED else value

    def _value(self, type_: types.Type, node: Node, where: str) -> Any:
        extra: dict[str, str] = {}
        while isinstance(type_, types.Metadata):
            extra = {**(type_.extra or {}), **extra}
            type_ = type_.type
        if _is_broken(node):
            return _FAILED
        if "unit" in extra:
            return self._unit(extra["unit"], node, where)
        value = _MAKERS[type(type_)](self, type_, node, where)
        check = TEXTS.get(extra.get("text", ""))
        if check is None or not isinstance(value, str):
            return value
        return self._checked(check, value, node, where)

    def _checked(self, check: Callable[[str], Any], text: str, node: Node, where: str) -> Any:
        try:
            check(text)
        except ValueError as error:
            return self._fail(node, where, str(error))
        return text

    def _fail(self, node: Node, where: str, message: str, hint: str | None = None) -> Any:
        self._findings.add(node.line, where, message, hint)
        return _FAILED

    def _unit(self, unit: str, node: Node, where: str) -> Any:
        if not isinstance(node, Scalar):
            return self._fail(node, where, f"must be a {unit}, not {_shape(node)}")
        try:
            return UNITS[unit](node.text)
        except ValueError as error:
            return self._fail(node, where, str(error))

    def struct(self, type_: types.StructType, node: Node, where: str) -> Any:
        if is_null(node):
            node = Table((), node.line)
        if not isinstance(node, Table):
            return self._fail(node, where, f"must be a mapping of keys, not {_shape(node)}")
        fields = {field.encode_name: field for field in type_.fields}
        values: dict[str, Any] = {}
        failed: set[str] = set()
        for entry in node.entries:
            field = fields.get(entry.key)
            if field is None:
                self._unknown(entry, where, fields)
            elif field.required or not is_null(entry.value):
                value = self._field(field, entry, _below(where, entry.key))
                (failed.add(field.name) if value is _FAILED else values.update({field.name: value}))
        return self._made(type_, node, where, values, failed)

    def _field(self, field: types.Field, entry: Entry, where: str) -> Any:
        if is_null(entry.value) and not _is_broken(entry.value):
            self._findings.add(entry.line, where, "is empty")
            return _FAILED
        return self._value(field.type, entry.value, where)

    def _made(
        self,
        type_: types.StructType,
        node: Table,
        where: str,
        values: dict[str, Any],
        failed: set[str],
    ) -> Any:
        needed = {field.name for field in type_.fields if field.required}
        for name in sorted(needed - values.keys() - failed):
            self._findings.add(node.line, where, f"the key {name!r} is missing")
        if needed - values.keys():
            return _FAILED
        record = type_.cls(**values)
        self._places.note(record, node)
        return record

    def _unknown(self, entry: Entry, where: str, fields: dict[str, types.Field]) -> None:
        close = nearest(entry.key, fields)
        known = "" if close else f"; known are {', '.join(fields)}"
        self._findings.add(entry.line, where, f"unknown key {entry.key!r}{known}", close)

    def union(self, type_: types.UnionType, node: Node, where: str) -> Any:
        options = [option for option in type_.types if not isinstance(option, types.NoneType)]
        if len(options) < len(type_.types) and is_null(node):
            return None
        fitting = [option for option in options if _fits(option, node)]
        if len(fitting) == 1:
            return self._value(fitting[0], node, where)
        words = " or ".join(_describe(option) for option in options)
        return self._fail(node, where, f"must be {words}, not {_shape(node)}")

    def table(self, type_: types.DictType, node: Node, where: str) -> Any:
        if is_null(node):
            return {}
        if not isinstance(node, Table):
            return self._fail(node, where, f"must be a mapping, not {_shape(node)}")
        values: dict[str, Any] = {}
        for entry in node.entries:
            place = _below(where, entry.key)
            name = self._value(type_.key_type, Scalar(entry.key, entry.line, plain=False), place)
            value = self._value(type_.value_type, entry.value, place)
            if name is not _FAILED and value is not _FAILED:
                values[entry.key] = value
        self._places.note(values, node)
        return values

    def array(self, type_: types.VarTupleType, node: Node, where: str) -> Any:
        if not isinstance(node, ListNode):
            hint = "; put it in [ ]" if isinstance(node, Scalar) else ""
            return self._fail(node, where, f"must be a list, not {_shape(node)}{hint}")
        made = [
            self._value(type_.item_type, item, f"{where}[{number}]")
            for number, item in enumerate(node.items)
        ]
        return tuple(value for value in made if value is not _FAILED)

    def text(self, _type: types.Type, node: Node, where: str) -> Any:
        if not isinstance(node, Scalar):
            return self._fail(node, where, f"must be text, not {_shape(node)}")
        if node.plain and not node.expanded and not isinstance(plain_value(node), str):
            return self._fail(node, where, "must be text; put it in quotes")
        return node.text

    def literal(self, type_: types.LiteralType, node: Node, where: str) -> Any:
        if isinstance(node, Scalar) and node.text in type_.values:
            return node.text
        words = [str(value) for value in type_.values]
        if not isinstance(node, Scalar):
            return self._fail(node, where, f"must be {_one_of(words)}, not {_shape(node)}")
        message = f"{_quote(node)} is not {_one_of(words)}"
        return self._fail(node, where, message, nearest(node.text, words))

    def boolean(self, _type: types.Type, node: Node, where: str) -> Any:
        value = _BOOLEANS.get(node.text) if isinstance(node, Scalar) and node.plain else None
        if value is None:
            return self._fail(node, where, f"must be true or false, not {_shape(node)}")
        return value

    def number(self, type_: types.IntType | types.FloatType, node: Node, where: str) -> Any:
        whole = isinstance(type_, types.IntType)
        value = plain_value(node) if isinstance(node, Scalar) and node.plain else None
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not fits:
            words = "a whole number" if whole else "a number"
            return self._fail(node, where, f"must be {words}, not {_shape(node)}")
        assert isinstance(value, int | float)
        if type_.ge is not None and value < type_.ge:
            return self._fail(node, where, f"must be {type_.ge} or more")
        if type_.le is not None and value > type_.le:
            return self._fail(node, where, f"must be {type_.le} or less")
        return value if whole else float(value)

    def anything(self, _type: types.Type, node: Node, _where: str) -> Any:
        return plain(node)


def plain(node: Node) -> Any:
    """The node as mappings, lists and scalars, where no type is declared."""
    if isinstance(node, Table):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return plain_value(node)


def plain_value(node: Scalar) -> Any:
    """A scalar's value by the YAML 1.2 core schema, so that ``off`` and ``12:30`` are text."""
    if not node.plain:
        return node.text
    if node.text in _CONSTANTS:
        return _CONSTANTS[node.text]
    try:
        number = msgspec.json.decode(node.text)
    except msgspec.DecodeError:
        return node.text
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return number if is_number else node.text


class _Failed:
    """Stands where a value could not be made."""


_FAILED = _Failed()
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOLEANS: dict[str, bool] = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "on", "On"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "off", "Off"), False),
}
_MAKERS: dict[type, Callable[..., Any]] = {
    types.StructType: Builder.struct,
    types.UnionType: Builder.union,
    types.DictType: Builder.table,
    types.VarTupleType: Builder.array,
    types.StrType: Builder.text,
    types.LiteralType: Builder.literal,
    types.BoolType: Builder.boolean,
    types.IntType: Builder.number,
    types.FloatType: Builder.number,
    types.AnyType: Builder.anything,
}
_SHAPES: dict[type[types.Type], type] = {
    types.StructType: Table,
    types.DictType: Table,
    types.VarTupleType: ListNode,
}
_WORDS: dict[type[types.Type], str] = {
    types.StructType: "a mapping",
    types.DictType: "a mapping",
    types.VarTupleType: "a list",
    types.StrType: "text",
    types.BoolType: "true or false",
    types.IntType: "a whole number",
    types.FloatType: "a number",
}


def _bare(type_: types.Type) -> types.Type:
    while isinstance(type_, types.Metadata):
        type_ = type_.type
    return type_


def _fits(type_: types.Type, node: Node) -> bool:
    return isinstance(node, _SHAPES.get(type(_bare(type_)), Scalar))


def _describe(type_: types.Type) -> str:
    bare = _bare(type_)
    if isinstance(bare, types.LiteralType):
        return _one_of([str(value) for value in bare.values])
    return _WORDS[type(bare)]


def _one_of(words: Sequence[str]) -> str:
    return repr(words[0]) if len(words) == 1 else f"one of {', '.join(words)}"


def _quote(node: Scalar) -> str:
    """The value as the file says it; what the environment said is not repeated."""
    if node.expanded:
        return "the value from the environment"
    return repr(node.text if len(node.text) <= 60 else node.text[:57] + "…")


def _shape(node: Node) -> str:
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    return "nothing" if is_null(node) else _quote(node)


def _is_broken(node: Node) -> bool:
    return isinstance(node, Scalar) and node.broken


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _step(node: Node, step: str | int) -> tuple[Node, int] | None:
    if isinstance(node, Table) and isinstance(step, str):
        entry = node.find(step)
        return (entry.value, entry.line) if entry else None
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        item = node.items[step]
        return item, item.line
    return None
