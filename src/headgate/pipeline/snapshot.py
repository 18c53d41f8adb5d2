"""What the gateway knows when a request comes: immutable, swapped whole, never half new."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from typing_extensions import override

from headgate.backends.backend import Backend
from headgate.backends.make import from_config as backend_from_config
from headgate.config import Config, LimitSettings, ModelSettings, UserSettings
from headgate.model.caller import User
from headgate.model.limits import Limits
from headgate.pipeline.compact import StreamDetail
from headgate.pipeline.guard import Guard, no_guard
from headgate.pipeline.keys import digest
from headgate.routing.resolve import Rewrite
from headgate.routing.target import Route, Target


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the gateway behaves. Times in seconds, sizes in bytes; ``heartbeat_s`` 0: none.

    ``most_stored`` bounds a response with what was asked for it, ``most_recorded`` the bytes of a
    recording.
    """

    max_body: int = 32 * 1024 * 1024
    max_upload: int = 512 * 1024 * 1024
    heartbeat_s: float = 15.0
    stream_errors: Literal["event", "silent"] = "event"
    refuse_losses: bool = False
    stream_detail: StreamDetail = "compact"
    record: Literal["off", "failures", "all"] = "off"
    most_recorded: int = 16 * 1024 * 1024
    store_responses: bool = True
    most_stored: int = 16 * 1024 * 1024


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Users by the digest of their key, backends, declared routes and rewrites.

    ``peppers`` are those that digests are made with, the newest first, see `keys.digest`.
    ``open``: there is no user at all and the listener is on loopback, so no key is asked for.
    ``open_guard`` puts the policy chain to work on an exchange, see `Guard`.
    """

    settings: Settings = Settings()
    users: Mapping[bytes, User] = {}
    backends: Mapping[str, Backend] = {}
    routes: Mapping[str, Route] = {}
    rewrites: Mapping[str, Rewrite] = {}
    open: bool = False
    peppers: tuple[bytes, ...] = (b"",)
    open_guard: Callable[[Any], Guard | None] = no_guard

    def backend_id(self, name: str) -> str:
        """What the backend with that name is known by for good."""
        backend = self.backends.get(name)
        return name if backend is None else backend.id or name

    @override
    def __repr__(self) -> str:
        return f"Snapshot({len(self.users)} keys, backends {list(self.backends)})"


def from_config(config: Config, loopback: bool, peppers: tuple[bytes, ...] = (b"",)) -> Snapshot:
    """What the file says; `loopback`: the listener is on this machine only."""
    return Snapshot(
        settings=_settings(config),
        users={digest(user.api_key, peppers[0]): _user(user) for user in config.users},
        backends={
            name: backend_from_config(name, settings) for name, settings in config.backends.items()
        },
        routes={name: route(name, settings) for name, settings in config.models.items()},
        rewrites={
            rule.source: Rewrite(rule.source, rule.target, rule.force)
            for rule in config.rewrites
            if rule.active
        },
        open=loopback and not config.users,
        peppers=peppers,
    )


def route(name: str, settings: ModelSettings) -> Route:
    """The route that a section of the configuration says."""
    return Route(
        name=name,
        targets=tuple(
            Target(target.backend, target.model, target.weight, target.priority)
            for target in settings.targets
        ),
        strategy=settings.strategy,
        hash_on=settings.hash_on,
        retries=settings.retries,
        fallback_on=frozenset(settings.fallback_on),
        refuse_losses=settings.on_loss == "refuse",
    )


def _settings(config: Config) -> Settings:
    server = config.server
    return Settings(
        max_body=server.max_body,
        max_upload=server.max_upload,
        heartbeat_s=server.heartbeat,
        stream_errors=server.stream_errors,
        refuse_losses=server.on_loss == "refuse",
        stream_detail=config.logging.stream_detail,
        record=config.logging.record,
        most_recorded=config.logging.record_size,
        store_responses=config.responses.store,
        most_stored=config.responses.max_size,
    )


def _user(settings: UserSettings) -> User:
    return User(
        id=settings.name,
        name=settings.name,
        backends=None if settings.backends == "*" else frozenset(settings.backends),
        models=None if settings.models == "*" else settings.models,
        is_active=settings.active,
        detail_logging=settings.detail_logging,
        copy_reasoning=settings.copy_reasoning_to_reasoning_content,
        limits=_limits(settings.limits),
    )


def _limits(settings: LimitSettings) -> Limits:
    return Limits(**msgspec.structs.asdict(settings))
