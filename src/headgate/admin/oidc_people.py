"""Whom an identity provider vouches for, and what role that gives by the configuration."""

from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.config import OidcSettings
from headgate.model.directory import AdminRole

_BY_POWER: tuple[AdminRole, ...] = ("owner", "admin", "operator", "viewer", "billing")
_MOST_VALUES = 100


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom `issuer` knows as `subject`. ``email`` where it was verified; ``values`` are
    those of the role claim that gave a role."""

    issuer: str
    subject: str
    email: str | None = None
    values: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the audit log and the console call them."""
        return self.email or self.subject


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """Whom checked `claims` are about."""
    email = _verified_email(claims)
    values = (email,) if settings.role_claim == "email" else _texts(claims, settings.role_claim)
    known = [value for value in values if value is not None and _role_by(value, settings)]
    return Person(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=email,
        values=tuple(known[:_MOST_VALUES]),
    )


def role_of(person: Person, settings: OidcSettings | None) -> AdminRole | None:
    """The role that the configuration in force gives; None: they may not administer."""
    if settings is None or person.issuer != settings.issuer or not _is_allowed(person, settings):
        return None
    given = {_role_by(value, settings) for value in person.values} | {settings.default_role}
    return next((role for role in _BY_POWER if role in given), None)


def _role_by(value: str, settings: OidcSettings) -> AdminRole | None:
    if settings.role_claim != "email":
        return settings.roles.get(value)
    return next((r for name, r in settings.roles.items() if name.lower() == value), None)


def _is_allowed(person: Person, settings: OidcSettings) -> bool:
    if settings.allowed_domains == "*":
        return True
    domain = (person.email or "").rpartition("@")[2]
    return domain in [allowed.lower() for allowed in settings.allowed_domains]


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    """The address in lower case. One that was not verified is anybody's."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    local, _, domain = email.rpartition("@")
    whole = local and domain and len(email) <= 320 and email.isprintable() and " " not in email
    return email.lower() if whole else None


def _texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The texts of a claim; dots in its name lead into claims inside."""
    value = claims.get(name)
    if value is None:
        inner: Any = claims
        for step in name.split("."):
            inner = inner.get(step) if isinstance(inner, Mapping) else None
        value = inner
    values = value if isinstance(value, list) else [value]
    return tuple(one for one in values if isinstance(one, str))
