"""Secrets among settings: shown as stars, and kept where the stars come back."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException

from headgate.model.secret_fields import SECRET_MAPPINGS, SECRET_NAMES, change_secrets

STARS = "***"


def masked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` without what is secret in them, however deep it lies."""
    return change_secrets(settings, lambda place, value: STARS)


def restored(given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with the secrets of `before` where it repeats their stars; a 400 where it made the
    stars up."""
    return {name: _restored(name, value, before.get(name)) for name, value in given.items()}


def _restored(name: str, value: Any, before: Any) -> Any:
    if isinstance(value, Mapping):
        inner = before if isinstance(before, Mapping) else {}
        hidden = name in SECRET_MAPPINGS
        return {
            key: _restored("secret" if hidden else key, item, inner.get(key))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        earlier: Sequence[Any] = before if isinstance(before, list | tuple) else ()
        return [
            _restored(name, item, earlier[number] if number < len(earlier) else None)
            for number, item in enumerate(value)
        ]
    if value != STARS or name not in SECRET_NAMES:
        return value
    if not isinstance(before, str):
        raise HTTPException(400, f"{name}: {STARS} stands for a secret; send the secret itself")
    return before
