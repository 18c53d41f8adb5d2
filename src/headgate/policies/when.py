"""The conditions of an entry: for whom and for what a policy is in force."""

import fnmatch
from collections.abc import Mapping
from typing import Annotated

import msgspec

from headgate.config.section import Section, key
from headgate.policies.occasion import Occasion

Globs = str | tuple[str, ...]


class WhenSettings(Section, frozen=True, kw_only=True):
    """Every key that is said must fit; of a list, one glob is enough."""

    user: Annotated[Globs | None, key("Names of users, as globs.")] = None
    model: Annotated[Globs | None, key("Models as they are asked for, as globs.")] = None
    backend: Annotated[Globs | None, key("Names of backends, as globs.")] = None
    path: Annotated[Globs | None, key("Paths of the endpoint, as globs.")] = None
    header: Annotated[Mapping[str, Globs], key("Request headers: name to globs.")] = {}


class Condition(msgspec.Struct, frozen=True):
    """`when` must fit and `unless` must not; None: no condition."""

    when: WhenSettings | None = None
    unless: WhenSettings | None = None

    @property
    def asks_backend(self) -> bool:
        """Whether it can be answered only once a backend is chosen."""
        return any(part is not None and part.backend is not None for part in self._parts())

    def fits(self, occasion: Occasion) -> bool:
        """Whether it is met. Where a backend is asked for and none is chosen, it is not."""
        if self.asks_backend and occasion.backend is None:
            return False
        if self.when is not None and not _fits(self.when, occasion):
            return False
        return self.unless is None or not _fits(self.unless, occasion)

    def _parts(self) -> tuple[WhenSettings | None, ...]:
        return (self.when, self.unless)


def _fits(when: WhenSettings, occasion: Occasion) -> bool:
    said = (
        (when.user, occasion.user),
        (when.model, occasion.model),
        (when.backend, occasion.backend or ""),
        (when.path, occasion.path),
    )
    if not all(globs is None or _matches(globs, value) for globs, value in said):
        return False
    headers = occasion.headers
    return all(
        name.lower() in headers and _matches(globs, headers[name.lower()])
        for name, globs in when.header.items()
    )


def _matches(globs: Globs, value: str) -> bool:
    if isinstance(globs, str):
        return fnmatch.fnmatchcase(value, globs)
    return any(fnmatch.fnmatchcase(value, glob) for glob in globs)
