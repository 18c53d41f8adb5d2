"""Whether a value satisfies a JSON Schema (draft 2020-12), with the place of what does not.

Annotations and ``format`` do not validate, as the specification has it. ``$ref`` reaches into the
same schema only. Both sides come from strangers: the work for one value is bounded.
Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headgate.policies.patterns.engine import Regex
from headgate.policies.patterns.syntax import PatternRefused

MOST_STEPS = 200_000
MOST_DEPTH = 100


class SchemaRefused(Exception):  # noqa: N818 - named for the fact
    """A schema that cannot be used, or a value that takes too long to check."""


class Check:
    """One value against one schema."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps = 0

    def first_fault(self, value: Any) -> str | None:
        """What does not fit, in words; None: everything fits. Raises SchemaRefused."""
        return self._fault(self._root, value, "$", 0)

    def _fault(self, schema: Any, value: Any, place: str, depth: int) -> str | None:
        self._steps += 1
        if self._steps > MOST_STEPS or depth > MOST_DEPTH:
            raise SchemaRefused("the schema takes too long to check")
        if schema is True:
            return None
        if schema is False:
            return f"{place} may not be"
        if not isinstance(schema, Mapping):
            raise SchemaRefused("a schema is an object or a truth value")
        for keyword, wanted in schema.items():
            rule = RULES.get(keyword)
            fault = rule(_At(self, schema, value, place, depth), wanted) if rule else None
            if fault is not None:
                return fault
        return None

    def resolve(self, reference: Any) -> Any:
        """The schema that ``$ref`` means."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise SchemaRefused(f"the reference {reference!r} leads out of the schema")
        found = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, Sequence) else found[name]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise SchemaRefused(f"the reference {reference!r} leads nowhere") from error
        return found


class _At(msgspec.Struct):
    """Where a check stands."""

    check: Check
    schema: Mapping[str, Any]
    value: Any
    place: str
    depth: int

    def fault(self, schema: Any) -> str | None:
        """The same value against another schema."""
        return self.check._fault(schema, self.value, self.place, self.depth + 1)

    def inner(self, schema: Any, name: str | int, value: Any) -> str | None:
        """What lies in the value against a schema."""
        return self.check._fault(schema, value, f"{self.place}[{name!r}]", self.depth + 1)

    def fails(self, broken: bool, words: str) -> str | None:
        return f"{self.place} {words}" if broken else None


Rule = Callable[[_At, Any], str | None]


def _type(at: _At, wanted: Any) -> str | None:
    names = [wanted] if isinstance(wanted, str) else wanted
    known = [TYPES[name] for name in names if name in TYPES]
    if len(known) < len(names):
        raise SchemaRefused(f"the type {wanted!r} is unknown")
    return at.fails(not any(fits(at.value) for fits in known), f"is not of the type {wanted}")


def _equal(one: Any, other: Any) -> bool:
    """Equality of JSON: true is not 1, and 1.0 is 1."""
    return bool(one == other) and _shape(one) == _shape(other)


def _shape(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return isinstance(value, bool)


def _limit(kind: type | tuple[type, ...], broken: Callable[[Any, Any], bool], words: str) -> Rule:
    """A rule on values of one type."""

    def rule(at: _At, wanted: Any) -> str | None:
        if not isinstance(at.value, kind) or isinstance(at.value, bool):
            return None
        try:
            return at.fails(broken(at.value, wanted), f"{words} {wanted}")
        except (TypeError, ValueError, ZeroDivisionError) as error:
            raise SchemaRefused(f"the limit {wanted!r} is none") from error

    return rule


def _pattern(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, str):
        return None
    return at.fails(not _matches(wanted, at.value), f"does not match {wanted!r}")


def _matches(pattern: Any, text: str) -> bool:
    try:
        return Regex(str(pattern)).search(text.encode("utf-8", "surrogatepass"), 0) is not None
    except PatternRefused as error:
        raise SchemaRefused(f"the pattern {pattern!r} {error}") from error


def _properties(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    faults = (at.inner(wanted[n], n, item) for n, item in at.value.items() if n in wanted)
    return next(filter(None, faults), None)


def _pattern_properties(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    pairs = (
        (n, item, s) for n, item in at.value.items() for p, s in wanted.items() if _matches(p, n)
    )
    return next(filter(None, (at.inner(schema, n, item) for n, item, schema in pairs)), None)


def _additional(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    named = at.schema.get("properties", {})
    patterns = at.schema.get("patternProperties", {})
    others = (n for n in at.value if n not in named and not any(_matches(p, n) for p in patterns))
    return next(filter(None, (at.inner(wanted, n, at.value[n]) for n in others)), None)


def _property_names(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    return next(filter(None, (at.inner(wanted, name, name) for name in at.value)), None)


def _required(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    return next((f"{at.place} lacks {name!r}" for name in wanted if name not in at.value), None)


def _dependent_required(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, dict):
        return None
    needed = [need for name, needs in wanted.items() if name in at.value for need in needs]
    return _required(at, needed)


def _items(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, list):
        return None
    first = len(at.schema.get("prefixItems", ()))
    rest = enumerate(at.value[first:], first)
    return next(filter(None, (at.inner(wanted, number, item) for number, item in rest)), None)


def _prefix_items(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, list):
        return None
    pairs = enumerate(zip(at.value, wanted, strict=False))
    return next(filter(None, (at.inner(schema, n, item) for n, (item, schema) in pairs)), None)


def _contains(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, list):
        return None
    count = sum(at.inner(wanted, n, item) is None for n, item in enumerate(at.value))
    least = at.schema.get("minContains", 1)
    most = at.schema.get("maxContains", count)
    return at.fails(not least <= count <= most, "does not contain what it must")


def _unique(at: _At, wanted: Any) -> str | None:
    if not isinstance(at.value, list) or not wanted:
        return None
    seen: list[Any] = []
    for item in at.value:
        at.check._steps += len(seen)
        if any(_equal(item, other) for other in seen):
            return f"{at.place} has an item twice"
        seen.append(item)
    return None


def _any_of(at: _At, wanted: Any) -> str | None:
    fits = any(at.fault(schema) is None for schema in wanted)
    return at.fails(not fits, "fits none of the alternatives")


def _one_of(at: _At, wanted: Any) -> str | None:
    count = sum(at.fault(schema) is None for schema in wanted)
    return at.fails(count != 1, f"fits {count} of the alternatives, not one")


def _if(at: _At, wanted: Any) -> str | None:
    follows = "then" if at.fault(wanted) is None else "else"
    return at.fault(at.schema.get(follows, True))


def _multiple(value: Any, step: Any) -> bool:
    quotient = value / step
    return bool(abs(quotient - round(quotient)) > 1e-9)


_NUMBER = (int, float)
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, _NUMBER) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}
RULES: Mapping[str, Rule] = {
    "type": _type,
    "enum": lambda at, w: at.fails(not any(_equal(at.value, o) for o in w), f"is none of {w}"),
    "const": lambda at, w: at.fails(not _equal(at.value, w), f"is not {w!r}"),
    "minLength": _limit(str, lambda value, n: len(value) < n, "is shorter than"),
    "maxLength": _limit(str, lambda value, n: len(value) > n, "is longer than"),
    "minimum": _limit(_NUMBER, lambda value, n: value < n, "is less than"),
    "maximum": _limit(_NUMBER, lambda value, n: value > n, "is more than"),
    "exclusiveMinimum": _limit(_NUMBER, lambda value, n: value <= n, "is not more than"),
    "exclusiveMaximum": _limit(_NUMBER, lambda value, n: value >= n, "is not less than"),
    "multipleOf": _limit(_NUMBER, _multiple, "is no multiple of"),
    "minItems": _limit(list, lambda value, n: len(value) < n, "has fewer items than"),
    "maxItems": _limit(list, lambda value, n: len(value) > n, "has more items than"),
    "minProperties": _limit(dict, lambda value, n: len(value) < n, "has fewer keys than"),
    "maxProperties": _limit(dict, lambda value, n: len(value) > n, "has more keys than"),
    "pattern": _pattern,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "required": _required,
    "dependentRequired": _dependent_required,
    "items": _items,
    "prefixItems": _prefix_items,
    "contains": _contains,
    "uniqueItems": _unique,
    "allOf": lambda at, w: next(filter(None, (at.fault(schema) for schema in w)), None),
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": lambda at, w: at.fails(at.fault(w) is None, "fits what it must not"),
    "if": _if,
    "$ref": lambda at, w: at.fault(at.check.resolve(w)),
}
"""Keywords that validate; those that only annotate are not here. ``then``, ``else``,
``minContains`` and ``maxContains`` are read by the keyword that they belong to."""
