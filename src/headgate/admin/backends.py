"""The resource ``/admin/backends``, with the model list of each."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ConfigDict, Field

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import (
    Body,
    Control,
    ModelState,
    Wired,
    read_or_refuse,
    refuse_duplicate,
    refuse_file,
    refuse_null,
    require,
)
from headgate.admin.instants import rfc3339
from headgate.admin.masking import STARS, masked, restored
from headgate.backends.make import from_config
from headgate.config import BackendSettings
from headgate.model.directory import BackendRow
from headgate.model.secret_fields import change_secrets, is_sealed, places_of

_COLUMNS = ("name", "base_url", "speaks", "is_active", "detail_logging")
_NOT_HERE = {
    "active": "is unknown here; did you mean 'is_active'?",
    "agent": "can be set in the configuration's file only, since it runs code",
}

BackendName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Url = Annotated[str, Field(min_length=1, max_length=2000)]


class BackendChange(Body):
    """The fields of a backend that may change; those left out stay. Beside these a body may hold
    every key that a backend has in the configuration's file, spelled the same."""

    model_config = ConfigDict(extra="allow", strict=True)

    name: BackendName | None = None
    base_url: Url | None = None
    api_key: Annotated[str, Field(max_length=10_000)] | None = Field(
        None, description="Write-only; null takes it away"
    )
    speaks: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="Left out or null: the provider's"
    )
    is_active: bool | None = None
    detail_logging: bool | None = None
    timeouts: dict[str, str] | None = Field(None, examples=[{"connect": "5s", "idle": "60s"}])


class BackendNew(BackendChange):
    """A new backend."""

    name: BackendName
    base_url: Url


router = APIRouter(prefix="/admin/backends", tags=["backends"])


@router.get("", response_model=list[shapes.Backend])
async def list_backends(control: Wired) -> Response:
    """Every backend, those of the file first."""
    rows = (*control.file_rows().backends, *await control.store.list_backends())
    return answer([show(control, row) for row in rows])


@router.post("", status_code=201, response_model=shapes.Backend)
async def create_backend(control: Wired, body: BackendNew, request: Request) -> Response:
    """Makes a backend and asks it for its models."""
    refuse_duplicate(control.file_rows().backends, body.name, "a backend")
    given = _given(body, {})
    key = given.pop("api_key", None)
    id_ = control.mint()
    sealed = control.seal(id_, key) if key else None
    fields = {"speaks": (), **_columns(given, {})}
    row = BackendRow(id=id_, created_at=control.now(), api_key_sealed=sealed, **fields)
    row = msgspec.structs.replace(row, speaks=_checked(row, key))
    row = msgspec.structs.replace(row, settings=_sealed(control, id_, row.settings))
    detail = {"name": row.name, "base_url": row.base_url}
    await control.writing(request, "backend.create", id_, detail).add_backend(row)
    await control.changed()
    return answer(show(control, row), 201)


@router.get("/{id}", response_model=shapes.Backend)
async def get_backend(control: Wired, id: str) -> Response:
    """One backend."""
    return answer(show(control, await _one(control, id)))


@router.put("/{id}", response_model=shapes.Backend)
async def change_backend(
    control: Wired, id: str, body: BackendChange, request: Request
) -> Response:
    """Changes the fields that are given. A new address wants the key again, so that nobody can
    send a stored key somewhere else."""
    refuse_file(control.file_rows().backends, id)
    before = require(await control.store.get_backend(id))
    given = _given(body, before.settings)
    if "name" in given:
        refuse_duplicate(control.file_rows().backends, given["name"], "a backend", id)
    noted = {"fields": sorted(given)}
    fields = _columns(given, before.settings)
    _refuse_redirected_secrets(before, given, fields["settings"])
    key = given.get("api_key")
    if "api_key" in noted["fields"]:
        fields["api_key_sealed"] = control.seal(id, key) if key else None
    speaks = _checked(msgspec.structs.replace(before, **fields), key)
    fields.update(speaks=speaks, settings=_sealed(control, id, fields["settings"]))
    store = control.writing(request, "backend.change", id, noted)
    row = require(await store.change_backend(id, **fields))
    await control.changed()
    return answer(show(control, row))


@router.delete("/{id}", status_code=204)
async def delete_backend(control: Wired, id: str, request: Request) -> Response:
    """Takes the backend away, with its permissions."""
    refuse_file(control.file_rows().backends, id)
    if not await control.writing(request, "backend.delete", id, {}).remove_backend(id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


@router.get("/{id}/models", response_model=shapes.BackendModels)
async def list_models(control: Wired, id: str) -> Response:
    """What the backend offers, as far as it is known."""
    row = await _one(control, id)
    return answer(_show_models(row, control.models_of(row.name)))


@router.post("/{id}/models/refresh", response_model=shapes.BackendModels)
async def refresh_models(control: Wired, id: str) -> Response:
    """Asks the backend for its models now."""
    row = await _one(control, id)
    if not row.is_active:
        raise HTTPException(409, "the backend is not active")
    await control.refresh_models(row.name)
    return answer(_show_models(row, control.models_of(row.name)))


def show(control: Control, row: BackendRow) -> dict[str, Any]:
    """A backend as the API shows it: whether it has a key, never the key."""
    state = control.models_of(row.name)
    return {
        **masked(row.settings),
        "id": row.id,
        "name": row.name,
        "base_url": row.base_url,
        "speaks": list(row.speaks),
        "is_active": row.is_active,
        "detail_logging": row.detail_logging,
        "has_api_key": row.api_key_sealed is not None,
        "created_at": rfc3339(row.created_at) if row.created_at else None,
        "source": row.source,
        "cached_model_count": len(state.models or ()),
        "last_model_sync_at": rfc3339(state.at) if state.at else None,
        "model_cache_initialized": state.models is not None,
        "model_cache_state": state.word if row.is_active else "inactive",
    }


async def _one(control: Control, id_: str) -> BackendRow:
    of_file = next((row for row in control.file_rows().backends if row.id == id_), None)
    return of_file or require(await control.store.get_backend(id_))


def _given(body: BackendChange, before: Mapping[str, Any]) -> dict[str, Any]:
    said = body.given()
    for place in places_of(said, is_sealed):
        raise HTTPException(400, f"{place}: send the secret itself")
    given = restored(said, before)
    refuse_null(given, "name", "base_url", "is_active", "detail_logging")
    for name, why in _NOT_HERE.items():
        if name in given:
            raise HTTPException(400, f"{name}: {why}")
    return given


def _refuse_redirected_secrets(
    before: BackendRow, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    """A 400 where a stored secret would be sent to another address."""
    if given.get("base_url", before.base_url) == before.base_url:
        return
    if before.api_key_sealed and "api_key" not in given:
        raise HTTPException(400, "api_key: a new base_url wants the key again")
    for place in places_of(settings, is_sealed):
        raise HTTPException(400, f"{place}: a new base_url wants this secret again")


def _sealed(control: Control, backend_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` as they are kept: what is secret in them sealed."""

    def seal(place: str, secret: Any) -> Any:
        return secret if is_sealed(secret) else control.seal_setting(backend_id, place, secret)

    return change_secrets(settings, seal)


def _columns(given: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The row's fields: what has a column of its own, and the rest among the settings."""
    fields = {name: given[name] for name in _COLUMNS if name in given}
    if "speaks" in fields:
        fields["speaks"] = tuple(fields["speaks"] or ())
    rest = {name: value for name, value in given.items() if name not in (*_COLUMNS, "api_key")}
    merged = {**settings, **rest}
    fields["settings"] = {name: value for name, value in merged.items() if value is not None}
    return fields


def _checked(row: BackendRow, key: str | None) -> tuple[str, ...]:
    """The dialects of the backend, or a 400 for what the file would not take either."""
    settings = change_secrets(row.settings, lambda _, value: STARS if is_sealed(value) else value)
    section = {**settings, "base_url": row.base_url, "speaks": list(row.speaks) or None}
    if key:
        section["api_key"] = key
    return from_config(row.name, read_or_refuse(BackendSettings, section)).speaks


def _show_models(row: BackendRow, state: ModelState) -> dict[str, Any]:
    return {
        "backend_id": row.id,
        "models": sorted(state.models or ()),
        "state": state.word if row.is_active else "inactive",
        "error": state.error,
        "last_model_sync_at": rfc3339(state.at) if state.at else None,
    }
