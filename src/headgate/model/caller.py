"""Who asks: a user, known by a key, and what the user may do."""

import msgspec

from headgate.model.limits import NO_LIMITS, Limits


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A user. ``backends`` None: every backend; ``models`` None: every model, else globs."""

    id: str
    name: str
    backends: frozenset[str] | None = frozenset()
    models: tuple[str, ...] | None = None
    is_active: bool = True
    detail_logging: bool = False
    copy_reasoning: bool = False
    limits: Limits = NO_LIMITS

    def may_use_backend(self, name: str) -> bool:
        """Whether the user may reach the backend."""
        return self.backends is None or name in self.backends


ANYBODY = User(id="", name="", backends=None)
"""The caller of an open gateway: no key, every right."""
