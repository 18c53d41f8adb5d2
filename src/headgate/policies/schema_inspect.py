"""What is wrong with a JSON Schema before any value is checked against it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headgate.config.problems import nearest
from headgate.policies.patterns.engine import Regex
from headgate.policies.patterns.syntax import PatternRefused
from headgate.policies.schema_check import RULES, TYPES, Check, SchemaRefused

_ONE = frozenset(
    (
        *("additionalProperties", "items", "contains", "not", "if", "then", "else"),
        "propertyNames",
    )
)
_MANY = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions"))
_SAYS_NOTHING = frozenset(
    (
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$comment", "format", "contentEncoding", "contentMediaType"),
        *("minContains", "maxContains"),
    )
)
KNOWN = frozenset((*RULES, *_ONE, *_MANY, *_NAMED, *_SAYS_NOTHING))
MOST_DEPTH = 50


def faults(schema: Any) -> Iterator[str]:
    """What does not do, a sentence each, with its place."""
    yield from _faults(Check(schema), schema, "", 0)


def _faults(check: Check, schema: Any, place: str, depth: int) -> Iterator[str]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping) or depth > MOST_DEPTH:
        yield f"{place or 'it'} is no schema"
        return
    for keyword, wanted in schema.items():
        here = f"{place}.{keyword}" if place else str(keyword)
        if keyword not in KNOWN:
            close = nearest(str(keyword), KNOWN)
            yield f"{here} is unknown" + (f"; did you mean {close!r}?" if close else "")
        for name, inner in _inner(keyword, wanted):
            yield from _faults(check, inner, f"{here}{name}", depth + 1)
        yield from _value_faults(check, keyword, wanted, here)


def _inner(keyword: str, wanted: Any) -> Iterator[tuple[str, Any]]:
    if keyword in _ONE:
        yield "", wanted
    elif keyword in _MANY:
        items = wanted if isinstance(wanted, list | tuple) else [wanted]
        yield from ((f"[{number}]", item) for number, item in enumerate(items))
    elif keyword in _NAMED:
        named = wanted if isinstance(wanted, Mapping) else {"": wanted}
        yield from ((f".{name}", item) for name, item in named.items())


def _value_faults(check: Check, keyword: str, wanted: Any, here: str) -> Iterator[str]:
    """The values of keywords that hold no schema."""
    if keyword.startswith(("min", "max", "exclusive", "multiple")):
        keyword = "minimum"
    rule = _VALUES.get(keyword)
    problem = rule(check, wanted) if rule else None
    if problem is not None:
        yield f"{here} {problem}"


def _type(_check: Check, wanted: Any) -> str | None:
    names = [wanted] if isinstance(wanted, str) else wanted
    fits = isinstance(names, list | tuple) and all(name in TYPES for name in names)
    return None if fits else "is no type"


def _names(_check: Check, wanted: Any) -> str | None:
    fits = isinstance(wanted, list | tuple) and all(isinstance(item, str) for item in wanted)
    return None if fits else "is no list of names"


def _list(_check: Check, wanted: Any) -> str | None:
    return None if isinstance(wanted, list | tuple) else "is no list"


def _number(_check: Check, wanted: Any) -> str | None:
    fits = isinstance(wanted, int | float) and not isinstance(wanted, bool)
    return None if fits else "is no number"


def _patterns(_check: Check, wanted: Any) -> str | None:
    for source in [wanted] if isinstance(wanted, str) else wanted:
        try:
            Regex(str(source))
        except PatternRefused as error:
            return str(error)
    return None


def _reference(check: Check, wanted: Any) -> str | None:
    try:
        check.resolve(wanted)
    except SchemaRefused as error:
        return f"leads nowhere: {error}"
    return None


_VALUES: Mapping[str, Callable[[Check, Any], str | None]] = {
    "type": _type,
    "required": _names,
    "enum": _list,
    "minimum": _number,
    "pattern": _patterns,
    "patternProperties": _patterns,
    "$ref": _reference,
}
