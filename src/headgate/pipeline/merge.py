"""The file's snapshot and the database's directory as one snapshot."""

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, TypeVar, get_args

import msgspec

from headgate.backends.backend import Backend
from headgate.backends.make import from_config as backend_from_config
from headgate.config import BackendSettings, ConfigErrors, ModelSettings, read_section
from headgate.model.caller import Key, User
from headgate.model.directory import BackendRow, Directory, KeyRow, ModelRow, UserRow
from headgate.model.store_faults import SecretLost
from headgate.pipeline.compact import StreamDetail
from headgate.pipeline.snapshot import Settings, Snapshot, route
from headgate.routing.resolve import Rewrite
from headgate.routing.target import Route

Row = TypeVar("Row", BackendRow, ModelRow)
Made = TypeVar("Made")

OpenSecrets = Callable[[BackendRow], tuple[str | None, Mapping[str, Any]]]
"""The key of a backend, None where it has none, and its settings. Raises SecretLost."""

Permitted = Mapping[str, frozenset[str]]
"""The names of the backends that a user may reach, by the user's id."""


class Merged(msgspec.Struct, frozen=True):
    """The snapshot, and what was left out of it and why, a sentence each."""

    snapshot: Snapshot
    problems: tuple[str, ...]


def merge(file: Snapshot, directory: Directory, open_secrets: OpenSecrets) -> Merged:
    """Adds to what the file says what the database says. A row that cannot be used is left out:
    one bad row must not keep all others from working. Names in both must be refused before."""
    problems: list[str] = []
    backends = _usable(problems, directory.backends, lambda row: _backend(row, open_secrets))
    routes = _usable(problems, directory.models, _route)
    permitted = _permitted(directory)
    merged = msgspec.structs.replace(
        file,
        settings=_settings(file.settings, directory),
        users={
            **_users(problems, file, directory, permitted),
            **{key: _granted(user, permitted) for key, user in file.users.items()},
        },
        backends={**file.backends, **backends},
        routes={**file.routes, **routes},
        rewrites={**file.rewrites, **_rewrites(directory)},
        open=file.open and not directory.users,
    )
    return Merged(merged, tuple(problems))


def _usable(
    problems: list[str], rows: tuple[Row, ...], make: Callable[[Row], Made]
) -> dict[str, Made]:
    made = {}
    for row in rows:
        try:
            made[row.name] = make(row)
        except ConfigErrors as errors:
            # What was no text has no lines.
            problems += [str(msgspec.structs.replace(p, line=None)) for p in errors.problems]
        except SecretLost as lost:
            problems.append(f"a secret of the backend {row.name!r} cannot be opened: {lost}")
    return made


def _backend(row: BackendRow, open_secrets: OpenSecrets) -> Backend:
    api_key, opened = open_secrets(row)
    said = {**opened, "active": row.is_active, "detail_logging": row.detail_logging}
    if row.base_url:
        said["base_url"] = row.base_url
    if row.speaks:
        said["speaks"] = list(row.speaks)
    settings = read_section(BackendSettings, said, f"the backend {row.name!r} of the database")
    if api_key is not None:
        settings = msgspec.structs.replace(settings, api_key=api_key)
    return msgspec.structs.replace(backend_from_config(row.name, settings), id=row.id)


def _route(row: ModelRow) -> Route:
    place = f"the model {row.name!r} of the database"
    return route(row.name, read_section(ModelSettings, dict(row.settings), place))


def _rewrites(directory: Directory) -> dict[str, Rewrite]:
    return {
        row.source_model: Rewrite(row.source_model, row.target_model, row.force)
        for row in directory.rewrites
        if row.is_active
    }


def _settings(settings: Settings, directory: Directory) -> Settings:
    detail = directory.settings.get("stream_detail")
    if detail not in get_args(StreamDetail):
        return settings
    return msgspec.structs.replace(settings, stream_detail=detail)


def _permitted(directory: Directory) -> Permitted:
    names = {backend.id: backend.name for backend in directory.backends}
    granted: dict[str, set[str]] = {}
    for permission in directory.permissions:
        name = names.get(permission.backend_id, permission.backend_id)
        granted.setdefault(permission.user_id, set()).add(name)
    return {user_id: frozenset(backends) for user_id, backends in granted.items()}


def _granted(user: User, permitted: Permitted) -> User:
    """A user of the file, with what the database permits beyond it."""
    if user.backends is None or user.id not in permitted:
        return user
    return msgspec.structs.replace(user, backends=user.backends | permitted[user.id])


def _users(
    problems: list[str], file: Snapshot, directory: Directory, permitted: Permitted
) -> dict[bytes, User]:
    """The database's users by the digests of their keys that may still count."""
    rows = {user.id: user for user in directory.users}
    names = {backend.id: backend.name for backend in directory.backends}
    made = {}
    for key in directory.keys:
        row = rows.get(key.user_id)
        if row is None or key.revoked_at is not None:
            continue
        backends = permitted.get(row.id, frozenset())
        if key.backends is not None:
            backends &= {names.get(backend, backend) for backend in key.backends}
        if key.digest in file.users:
            problems.append(f"a key of the user {row.name!r} stands in the file too")
            continue
        try:
            made[key.digest] = _user(row, backends, _key(key))
        except ValueError as error:
            problems.append(f"a key of the user {row.name!r} is left out: {error}")
    return made


def _user(row: UserRow, backends: frozenset[str], key: Key) -> User:
    return User(
        id=row.id,
        name=row.name,
        backends=backends,
        models=row.models,
        is_active=row.is_active,
        detail_logging=row.detail_logging,
        copy_reasoning=row.copy_reasoning_to_reasoning_content,
        limits=row.limits,
        key=key,
    )


def _key(row: KeyRow) -> Key:
    cidrs = row.cidrs
    return Key(
        id=row.id,
        ends_at=row.expires_at,
        models=row.models,
        paths=row.paths,
        networks=None if cidrs is None else tuple(ip_network(c, strict=False) for c in cidrs),
        limits=row.limits,
    )
