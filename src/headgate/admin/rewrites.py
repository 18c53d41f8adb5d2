"""The resource ``/admin/model-rewrites``: one model name stands for another."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import Body, Control, Wired, refuse_file_row, refuse_null, require
from headgate.admin.models import ModelName
from headgate.config import RewriteSettings, find_cycle
from headgate.model.directory import RewriteRow


class RewriteChange(Body):
    """The fields of a rewrite that may change; those left out stay."""

    source_model: ModelName | None = None
    target_model: ModelName | None = None
    force: bool | None = None
    is_active: bool | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None


class RewriteNew(RewriteChange):
    """A new rewrite."""

    source_model: ModelName
    target_model: ModelName


router = APIRouter(prefix="/admin/model-rewrites", tags=["model rewrites"])


@router.get("", response_model=list[shapes.Rewrite])
async def list_rewrites(control: Wired) -> Response:
    """Every rewrite, those of the file first."""
    return answer([_show(row) for row in await _all(control)])


@router.post("", status_code=201, response_model=shapes.Rewrite)
async def create_rewrite(control: Wired, body: RewriteNew, request: Request) -> Response:
    """Makes a rewrite; 409 where the source has one or a cycle would be."""
    given = _given(body)
    row = RewriteRow(id=control.mint(), **given)
    await _refuse_conflict(control, row)
    await control.writing(request, "rewrite.create", row.id, given).add_rewrite(row)
    await control.changed()
    return answer(_show(row), 201)


@router.get("/{id}", response_model=shapes.Rewrite)
async def get_rewrite(control: Wired, id: str) -> Response:
    """One rewrite."""
    return answer(_show(await _one(control, id)))


@router.put("/{id}", response_model=shapes.Rewrite)
async def change_rewrite(
    control: Wired, id: str, body: RewriteChange, request: Request
) -> Response:
    """Changes the fields that are given."""
    given = _given(body)
    before = await _one(control, id)
    refuse_file_row(before)
    await _refuse_conflict(control, msgspec.structs.replace(before, **given))
    store = control.writing(request, "rewrite.change", id, given)
    row = require(await store.change_rewrite(id, **given))
    await control.changed()
    return answer(_show(row))


@router.delete("/{id}", status_code=204)
async def delete_rewrite(control: Wired, id: str, request: Request) -> Response:
    """Takes the rewrite away."""
    refuse_file_row(await _one(control, id))
    if not await control.writing(request, "rewrite.delete", id, {}).remove_rewrite(id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


async def _all(control: Control) -> tuple[RewriteRow, ...]:
    return (*control.file_rows().rewrites, *await control.store.list_rewrites())


async def _one(control: Control, id_: str) -> RewriteRow:
    return require(next((row for row in await _all(control) if row.id == id_), None))


def _given(body: RewriteChange) -> dict[str, Any]:
    given = body.given()
    refuse_null(given, *given)
    return given


async def _refuse_conflict(control: Control, row: RewriteRow) -> None:
    others = [other for other in await _all(control) if other.id != row.id]
    if any(other.source_model == row.source_model for other in others):
        raise HTTPException(409, f"a rewrite of '{row.source_model}' exists already")
    cycle = find_cycle([_settings(other) for other in (*others, row)])
    if cycle:
        raise CycleFound(cycle)


class CycleFound(HTTPException):
    """A rewrite would close a circle: 409 with the names in it."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(409, "Model rewrite cycle detected")
        self.more = {"cycle": list(cycle)}


def _settings(row: RewriteRow) -> RewriteSettings:
    return RewriteSettings(
        source=row.source_model, target=row.target_model, force=row.force, active=row.is_active
    )


def _show(row: RewriteRow) -> dict[str, Any]:
    shown = msgspec.to_builtins(row)
    return dict(shown)
