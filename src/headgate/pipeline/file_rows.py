"""What the configuration's file defines, as the rows that the admin API shows and never changes."""

from typing import Any

import msgspec

from headgate.config import BackendSettings, Config, UserSettings
from headgate.config.section import SECRET_FIELDS
from headgate.config.units import write_duration
from headgate.model.directory import (
    BackendRow,
    Directory,
    ModelRow,
    Permission,
    PolicyRow,
    RewriteRow,
    UserRow,
)
from headgate.model.key_format import hint_of
from headgate.model.limits import Limits

_COLUMNS = frozenset({"base_url", "speaks", "api_key", "active", "detail_logging"})
"""What has a column of its own; the rest are a row's settings."""
_HIDDEN = "***"


def file_rows(config: Config) -> Directory:
    """The rows of the file: their ids are their names."""
    return Directory(
        users=tuple(map(_user, config.users)),
        backends=tuple(_backend(name, backend) for name, backend in config.backends.items()),
        permissions=tuple(
            Permission(user.name, name, "file")
            for user in config.users
            for name in (config.backends if user.backends == "*" else user.backends)
        ),
        rewrites=tuple(
            RewriteRow(
                id=rule.source,
                source_model=rule.source,
                target_model=rule.target,
                force=rule.force,
                is_active=rule.active,
                note=rule.note,
                source="file",
            )
            for rule in config.rewrites
        ),
        models=tuple(
            ModelRow(id=name, name=name, settings=msgspec.to_builtins(model), source="file")
            for name, model in config.models.items()
        ),
        policies=tuple(
            PolicyRow(id=f"file-{place}", position=place, entry=entry, source="file")
            for place, entry in enumerate(config.policies.chain)
        ),
        settings={"stream_detail": config.logging.stream_detail},
    )


def _user(user: UserSettings) -> UserRow:
    return UserRow(
        id=user.name,
        name=user.name,
        email=user.email,
        is_active=user.active,
        detail_logging=user.detail_logging,
        copy_reasoning_to_reasoning_content=user.copy_reasoning_to_reasoning_content,
        limits=Limits(**msgspec.structs.asdict(user.limits)),
        models=None if user.models == "*" else user.models,
        key_hint=hint_of(user.api_key),
        source="file",
    )


def _backend(name: str, backend: BackendSettings) -> BackendRow:
    return BackendRow(
        id=name,
        name=name,
        base_url=backend.base_url or "",
        speaks=backend.speaks or (),
        is_active=backend.active,
        detail_logging=backend.detail_logging,
        # Whether there is a key can be seen, the key cannot.
        api_key_sealed=b"" if backend.api_key else None,
        settings=_settings(backend),
        source="file",
    )


def _settings(backend: BackendSettings) -> dict[str, Any]:
    """What the file says beyond the columns, secrets hidden."""
    usual = BackendSettings()
    said = {
        name: getattr(backend, name)
        for name in backend.__struct_fields__
        if name not in _COLUMNS and getattr(backend, name) != getattr(usual, name)
    }
    shown = {name: _shown(name, msgspec.to_builtins(value)) for name, value in said.items()}
    if "timeouts" in shown:
        shown["timeouts"] = {
            name: write_duration(seconds) for name, seconds in shown["timeouts"].items()
        }
    return shown


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        hides = name in SECRET_FIELDS
        return {key: _HIDDEN if hides else _shown(key, inner) for key, inner in value.items()}
    return _HIDDEN if name in SECRET_FIELDS and value is not None else value
