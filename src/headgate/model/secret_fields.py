"""Where secrets stand among the settings of a backend or a policy, whatever is nested in them."""

from collections.abc import Callable, Mapping
from typing import Any

SECRET_NAMES = frozenset(
    {"api_key", "secret", "hash_key", "access_key_id", "secret_access_key", "session_token"}
)
SECRET_MAPPINGS = frozenset({"headers"})
"""Every value in these is one: a header may well be a credential."""

_SEALED = "$sealed$"

Change = Callable[[str, Any], Any]
"""From the place of a secret, ``headers/x-key``, and the secret to what is to stand there."""


def change_secrets(settings: Mapping[str, Any], change: Change, place: str = "") -> dict[str, Any]:
    """`settings` with every secret changed; what is None is none."""
    return {name: _changed(name, value, change, place) for name, value in settings.items()}


def places_of(settings: Mapping[str, Any], wanted: Callable[[Any], bool]) -> list[str]:
    """The places of those secrets that are `wanted`."""
    found: list[str] = []

    def note(place: str, value: Any) -> Any:
        if wanted(value):
            found.append(place)
        return value

    change_secrets(settings, note)
    return found


def as_sealed(envelope: str) -> str:
    """The text that stands for a secret in the database."""
    return _SEALED + envelope


def envelope_of(value: Any) -> str | None:
    """The envelope in such a text; None where `value` is none."""
    if isinstance(value, str) and value.startswith(_SEALED):
        return value.removeprefix(_SEALED)
    return None


def is_sealed(value: Any) -> bool:
    """Whether `value` stands for a secret that was sealed."""
    return envelope_of(value) is not None


def _changed(name: str, value: Any, change: Change, place: str) -> Any:
    here = f"{place}/{name}" if place else name
    if isinstance(value, Mapping):
        if name in SECRET_MAPPINGS:
            return {
                key: None if inner is None else change(f"{here}/{key}", inner)
                for key, inner in value.items()
            }
        return change_secrets(value, change, here)
    if isinstance(value, list | tuple):
        return [
            _changed(str(number), item, change, here)
            if isinstance(item, Mapping)
            else _changed(name, item, change, place)
            for number, item in enumerate(value)
        ]
    return change(here, value) if name in SECRET_NAMES and value is not None else value
