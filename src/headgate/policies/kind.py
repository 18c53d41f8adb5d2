"""A built-in policy as a record: its keys, its defaults, and how it is made ready."""

from collections.abc import Callable
from typing import Any

import msgspec

from headgate.policies.duty import OnError
from headgate.policies.environment import Environment
from headgate.policies.keys import PolicyKeys
from headgate.policies.occasion import Occasion
from headgate.policies.policy import Policy


class Prepared(msgspec.Struct, frozen=True):
    """What one entry needs, made once: `make` gives the instance of one exchange. ``judges``: it
    refuses or watches, and never changes anything."""

    make: Callable[[Occasion], Policy]
    judges: bool = False


class Setting(msgspec.Struct, frozen=True):
    """What an entry is made ready with; bounds are the entry's own, or the kind's.
    ``deadline_s`` holds for each call to somebody else."""

    environment: Environment
    lookback: int
    deadline_s: float


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """``prepare`` raises EntryRefused. ``watches``: it never acts, whatever its mode. The rest are
    what holds where an entry does not say it."""

    keys: type[PolicyKeys]
    prepare: Callable[[Any, Setting], Prepared]
    watches: bool = False
    on_error: OnError = "closed"
    max_hold_s: float | None = None
    lookback: int = 4096
    deadline_s: float = 5.0
