"""The resource ``/admin/models``: model names with their targets."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ConfigDict, Field

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import (
    Body,
    Control,
    Wired,
    read_or_refuse,
    refuse_duplicate,
    refuse_file,
    refuse_null,
    require,
)
from headgate.config import ModelSettings
from headgate.model.directory import ModelRow

ModelName = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ModelChange(Body):
    """The keys of a model in the configuration's file; those left out stay."""

    model_config = ConfigDict(extra="allow", strict=True)

    name: ModelName | None = None
    targets: list[dict[str, Any]] | None = Field(
        None, examples=[[{"backend": "openai", "model": "gpt-4o-mini", "weight": 3}]]
    )
    strategy: str | None = None


class ModelNew(ModelChange):
    """A new model."""

    name: ModelName
    targets: list[dict[str, Any]]


router = APIRouter(prefix="/admin/models", tags=["models"])


@router.get("", response_model=list[shapes.Model])
async def list_models(control: Wired) -> Response:
    """Every model with targets, those of the file first."""
    rows = (*control.file_rows().models, *await control.store.list_models())
    known = await _known(control)
    return answer([_show(row, known) for row in rows])


@router.post("", status_code=201, response_model=shapes.Model)
async def create_model(control: Wired, body: ModelNew, request: Request) -> Response:
    """Makes a model."""
    refuse_duplicate(control.file_rows().models, body.name, "a model")
    row = ModelRow(id=control.mint(), name=body.name, settings=_settings(body, {}))
    await _check(control, row)
    await control.writing(request, "model.create", row.id, {"name": row.name}).add_model(row)
    await control.changed()
    return answer(_show(row, await _known(control)), 201)


@router.get("/{id}", response_model=shapes.Model)
async def get_model(control: Wired, id: str) -> Response:
    """One model."""
    of_file = next((row for row in control.file_rows().models if row.id == id), None)
    row = of_file or require(await control.store.get_model(id))
    return answer(_show(row, await _known(control)))


@router.put("/{id}", response_model=shapes.Model)
async def change_model(control: Wired, id: str, body: ModelChange, request: Request) -> Response:
    """Changes the fields that are given."""
    refuse_file(control.file_rows().models, id)
    before = require(await control.store.get_model(id))
    given = body.given()
    refuse_null(given, "name", "targets")
    name = given.get("name", before.name)
    refuse_duplicate(control.file_rows().models, name, "a model", id)
    settings = _settings(body, before.settings)
    await _check(control, msgspec.structs.replace(before, name=name, settings=settings))
    store = control.writing(request, "model.change", id, {"fields": sorted(given)})
    row = require(await store.change_model(id, name=name, settings=settings))
    await control.changed()
    return answer(_show(row, await _known(control)))


@router.delete("/{id}", status_code=204)
async def delete_model(control: Wired, id: str, request: Request) -> Response:
    """Takes the model away."""
    refuse_file(control.file_rows().models, id)
    if not await control.writing(request, "model.delete", id, {}).remove_model(id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


def _settings(body: ModelChange, before: Mapping[str, Any]) -> dict[str, Any]:
    """The settings after the change; null takes one away."""
    merged = {**before, **body.given()}
    return {key: value for key, value in merged.items() if value is not None and key != "name"}


async def _check(control: Control, row: ModelRow) -> None:
    """A 400 that names the field which the file would not take either."""
    settings = read_or_refuse(ModelSettings, row.settings)
    if not settings.targets:
        raise HTTPException(400, "targets: name at least one")
    known = await _known(control)
    for target in settings.targets:
        if target.backend not in known:
            raise HTTPException(400, f"targets: there is no backend '{target.backend}'")


def _show(row: ModelRow, known: Collection[str]) -> dict[str, Any]:
    """A model, and which backends of its targets are not there: these are never tried."""
    named = {target.get("backend", "") for target in row.settings.get("targets", ())}
    return {
        **row.settings,
        "id": row.id,
        "name": row.name,
        "source": row.source,
        "unresolved_backends": sorted(named.difference(known)),
    }


async def _known(control: Control) -> set[str]:
    """The names of all backends there are."""
    of_file, of_database = control.file_rows().backends, await control.store.list_backends()
    return {backend.name for backend in (*of_file, *of_database)}
