"""What the gateway knows when a request comes: immutable, swapped whole, never half new."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from headgate.backends.backend import Backend
from headgate.model.caller import User
from headgate.routing.resolve import Rewrite
from headgate.routing.target import Route


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the gateway behaves. Times in seconds, sizes in bytes; ``heartbeat_s`` 0: none."""

    max_body: int = 32 * 1024 * 1024
    heartbeat_s: float = 15.0
    stream_errors: Literal["event", "silent"] = "event"
    refuse_losses: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Users by the digest of their key, backends, declared routes and rewrites.

    ``open``: there is no user at all and the listener is on loopback, so no key is asked for.
    """

    settings: Settings = Settings()
    users: Mapping[bytes, User] = {}
    backends: Mapping[str, Backend] = {}
    routes: Mapping[str, Route] = {}
    rewrites: Mapping[str, Rewrite] = {}
    open: bool = False
