"""What this dialect alone has, on its way through the hub and back.

Extras of a request belong to the request's dialect. Extras of a reply stand under this dialect's
name, because a reply does not say which dialect it was read from.
"""

from headgate.model.parts import Extras

NAME = "messages"

_NOTHING: Extras = {}


def owned(extras: Extras) -> Extras | None:
    """`extras` of a reply as the hub carries them; None where there are none."""
    return {NAME: dict(extras)} if extras else None


def own(extras: Extras | None) -> Extras:
    """What `owned` put there; nothing where another dialect did."""
    value = extras.get(NAME) if extras else None
    return value if isinstance(value, dict) else _NOTHING


def is_own(extras: Extras | None) -> bool:
    """Whether this dialect's reader wrote `extras`."""
    return bool(extras) and NAME in (extras or {})


def without(value: Extras, known: frozenset[str]) -> dict[str, object]:
    """The fields of `value` that are not `known`."""
    return {key: field for key, field in value.items() if key not in known}
