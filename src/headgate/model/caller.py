"""Who asks: a user, known by a key, and what the user may do."""

from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network

import msgspec

from headgate.model.addresses import address_of
from headgate.model.limits import NO_LIMITS, Limits

Network = IPv4Network | IPv6Network


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """The key that a user showed, and what it may be used for; None: all that the user may.

    ``ends_at`` is Unix time; ``models`` and ``paths`` are globs. ``limits`` hold beside the
    user's. A key of the file has no ``id``.
    """

    id: str = ""
    ends_at: float | None = None
    models: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    networks: tuple[Network, ...] | None = None
    limits: Limits = NO_LIMITS

    def is_live(self, at: float) -> bool:
        """Whether the key counts at the Unix time `at`."""
        return self.ends_at is None or at < self.ends_at

    def may_call(self, path: str) -> bool:
        """Whether the key is for that path."""
        return _matches(path, self.paths)

    def may_come_from(self, peer: str | None) -> bool:
        """Whether the key may be shown by the peer at that address; None: it is not known."""
        if self.networks is None:
            return True
        address = address_of(peer or "")
        return address is not None and any(address in network for network in self.networks)


ANY_KEY = Key()


class User(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A user with the key that was shown. ``backends`` None: every backend, else those of user
    and key alike; ``models`` None: every model, else globs."""

    id: str
    name: str
    backends: frozenset[str] | None = frozenset()
    models: tuple[str, ...] | None = None
    is_active: bool = True
    detail_logging: bool = False
    copy_reasoning: bool = False
    limits: Limits = NO_LIMITS
    key: Key = ANY_KEY

    def may_use_backend(self, name: str) -> bool:
        """Whether the user may reach the backend."""
        return self.backends is None or name in self.backends

    def may_ask(self, model: str) -> bool:
        """Whether user and key may say the model's name."""
        return _matches(model, self.models) and _matches(model, self.key.models)


ANYBODY = User(id="", name="", backends=None)
"""The caller of an open gateway: no key, every right."""


def _matches(name: str, globs: tuple[str, ...] | None) -> bool:
    return globs is None or any(fnmatchcase(name, glob) for glob in globs)
