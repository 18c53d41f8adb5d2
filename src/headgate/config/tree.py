"""A YAML document as a tree that knows its lines, read safely and in bounds."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import yaml

from headgate.config.interpolation import Cover, expand
from headgate.config.problems import Findings

MAX_CHARACTERS = 8 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 500_000
"""Nodes with every alias written out: what a bomb multiplies."""


class Scalar(msgspec.Struct, frozen=True):
    """A single value as text. ``plain`` has no quotes; ``expanded`` came from the environment,
    ``broken`` should have and could not."""

    text: str
    line: int = 0
    plain: bool = True
    expanded: bool = False
    broken: bool = False
    size: int = 1


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple["Node", ...]
    line: int = 0
    size: int = 1


class Entry(msgspec.Struct, frozen=True):
    """A key and its value, at the key's line."""

    key: str
    value: "Node"
    line: int = 0


class Table(msgspec.Struct, frozen=True):
    """A mapping: each key once, in the order of the file."""

    entries: tuple[Entry, ...]
    line: int = 0
    size: int = 1

    def find(self, key: str) -> Entry | None:
        """The entry of `key`, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node = Scalar | Sequence | Table

NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def is_null(node: Node) -> bool:
    """Whether the value says nothing: left empty, ``~`` or ``null``."""
    return isinstance(node, Scalar) and node.plain and node.text in NULLS


def compose(text: str, env: Mapping[str, str], findings: Findings) -> Node | None:
    """The tree of the one document in `text`; None where it is empty or cannot be read at all.

    Variables in values are taken from `env`. Tags are refused, aliases bounded; a key
    said twice is a finding.
    """
    if len(text) > MAX_CHARACTERS:
        findings.add(None, "", f"is larger than {MAX_CHARACTERS} characters")
        return None
    cover = Cover(text)
    composer = _Composer(cover, env, findings)
    try:
        for event in yaml.parse(cover.text, Loader=_LOADER):
            composer.take(event)
    except _Unreadable as error:
        findings.add(error.line, "", str(error))
        return None
    except yaml.YAMLError as error:
        findings.add(*_syntax_problem(error))
        return None
    return composer.root


def from_plain(value: Any) -> Node:
    """The tree of a decoded JSON value, for what comes over the admin API."""
    if isinstance(value, Mapping):
        return Table(tuple(Entry(str(key), from_plain(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return Sequence(tuple(map(from_plain, value)))
    if isinstance(value, str):
        return Scalar(value, plain=False)
    return Scalar(msgspec.json.encode(value).decode())


_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MERGE = "<<"


class _Unreadable(Exception):  # noqa: N818 - named for the fact
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Open(msgspec.Struct):
    """A list or mapping whose end has not come; in a mapping keys and values take turns."""

    table: bool
    line: int
    anchor: str | None
    parts: list[Node]
    size: int = 1

    @property
    def wants_key(self) -> bool:
        return self.table and len(self.parts) % 2 == 0


class _Composer:
    def __init__(self, cover: Cover, env: Mapping[str, str], findings: Findings) -> None:
        self.root: Node | None = None
        self._uncover = cover.uncover
        self._env = env
        self._findings = findings
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}

    def take(self, event: yaml.Event) -> None:
        """One step of the document."""
        act = _ACTIONS.get(type(event))
        if act is not None and event.start_mark is not None:
            act(self, event, event.start_mark.line + 1)

    def scalar(self, event: Any, line: int) -> None:
        self._check_tag(event, line)
        plain = not event.style
        written = self._uncover(event.value)
        if self._stack and self._stack[-1].wants_key:
            self._put(Scalar(written, line, plain), event.anchor)
            return
        text, problems = expand(written, self._env)
        for problem in problems:
            self._findings.add(line, "", problem)
        scalar = Scalar(text, line, plain, expanded=text != written, broken=bool(problems))
        self._put(scalar, event.anchor)

    def open(self, event: Any, line: int) -> None:
        self._check_tag(event, line)
        if len(self._stack) >= MAX_DEPTH:
            raise _Unreadable(line, f"is nested deeper than {MAX_DEPTH}")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        table = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(table, line, event.anchor, []))

    def close(self, _event: Any, _line: int) -> None:
        done = self._stack.pop()
        if not done.table:
            self._put(Sequence(tuple(done.parts), done.line, done.size), done.anchor)
            return
        entries = self._entries(done.parts)
        self._put(Table(tuple(entries), done.line, done.size), done.anchor)

    def alias(self, event: Any, line: int) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            state = "contains itself" if event.anchor in self._anchors else "is not defined before"
            raise _Unreadable(line, f"the alias *{event.anchor} {state}")
        self._put(node, None)

    def document(self, _event: Any, line: int) -> None:
        if self.root is not None:
            raise _Unreadable(line, "holds more than one document")

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.parts.append(node)
        top.size += node.size
        if top.size > MAX_NODES:
            raise _Unreadable(top.line, f"grows to more than {MAX_NODES} values")

    def _entries(self, parts: list[Node]) -> list[Entry]:
        own: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._findings.add(key.line, "", "a key must be text")
            elif key.text == _MERGE and key.plain:
                merged.append(value)
            elif key.text in own:
                first = own[key.text].line
                self._findings.add(key.line, "", f"{key.text!r} stands here and in line {first}")
            else:
                own[key.text] = Entry(key.text, value, key.line)
        for node in merged:
            self._merge(own, node)
        return list(own.values())

    def _merge(self, own: dict[str, Entry], node: Node) -> None:
        for table in node.items if isinstance(node, Sequence) else (node,):
            if not isinstance(table, Table):
                self._findings.add(node.line, "", "'<<' takes a mapping or a list of mappings")
                continue
            for entry in table.entries:
                own.setdefault(entry.key, entry)

    def _check_tag(self, event: Any, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._findings.add(line, "", f"the tag {tag} is not allowed; write the plain value")


_ACTIONS: dict[type, Callable[[_Composer, Any, int], None]] = {
    yaml.ScalarEvent: _Composer.scalar,
    yaml.SequenceStartEvent: _Composer.open,
    yaml.MappingStartEvent: _Composer.open,
    yaml.SequenceEndEvent: _Composer.close,
    yaml.MappingEndEvent: _Composer.close,
    yaml.AliasEvent: _Composer.alias,
    yaml.DocumentStartEvent: _Composer.document,
}


def _syntax_problem(error: yaml.YAMLError) -> tuple[int | None, str, str]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = " ".join(filter(None, (error.context, error.problem)))
        return (mark.line + 1 if mark else None), "", f"is not YAML: {words}"
    first_line = str(error).strip().partition("\n")[0]
    return None, "", f"is not YAML: {first_line}"
