"""The resource ``/admin/policies``: the database's policy chain, in its order."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ConfigDict

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import Body, Control, Wired, refuse_file_row, require
from headgate.admin.masking import masked, restored
from headgate.model.directory import PolicyRow

_OWN = frozenset({"id", "position", "source"})


class PolicyBody(Body):
    """An entry of the chain with the keys that it has in the file; ``is_active`` beside them."""

    model_config = ConfigDict(extra="allow", strict=True)

    policy: str | None = None
    is_active: bool | None = None


class Order(Body):
    """All ids of the database's chain in their new order."""

    ids: list[str]


router = APIRouter(prefix="/admin/policies", tags=["policies"])


@router.get("", response_model=list[shapes.Policy])
async def list_policies(control: Wired) -> Response:
    """The chain in its order, the file's entries first."""
    return answer([_show(row) for row in await _all(control)])


@router.post("", status_code=201, response_model=shapes.Policy)
async def create_policy(control: Wired, body: PolicyBody, request: Request) -> Response:
    """Adds an entry at the end of the chain."""
    given = restored(body.given(), {})
    active = given.pop("is_active", None) is not False
    entry = {key: value for key, value in given.items() if value is not None}
    _check(control, entry)
    there = await control.store.list_policies()
    position = there[-1].position + 1 if there else 0
    row = PolicyRow(id=control.mint(), position=position, entry=entry, is_active=active)
    noted = {"policy": entry["policy"]}
    await control.writing(request, "policy.create", row.id, noted).add_policy(row)
    await control.changed()
    return answer(_show(row), 201)


@router.post("/reorder", response_model=list[shapes.Policy])
async def reorder(control: Wired, body: Order, request: Request) -> Response:
    """Puts the database's chain in another order."""
    store = control.writing(request, "policy.reorder", "chain", {"ids": body.ids})
    if not await store.reorder_policies(body.ids):
        raise HTTPException(400, "ids: name every policy of the database exactly once")
    await control.changed()
    return answer([_show(row) for row in await _all(control)])


@router.get("/{id}", response_model=shapes.Policy)
async def get_policy(control: Wired, id: str) -> Response:
    """One entry."""
    return answer(_show(await _one(control, id)))


@router.put("/{id}", response_model=shapes.Policy)
async def change_policy(control: Wired, id: str, body: PolicyBody, request: Request) -> Response:
    """Changes the fields that are given; null takes one away."""
    before = await _one(control, id)
    refuse_file_row(before)
    given = restored(body.given(), before.entry)
    active = given.pop("is_active", None)
    merged = {**before.entry, **given}
    entry = {key: value for key, value in merged.items() if value is not None}
    _check(control, entry)
    is_active = before.is_active if active is None else active
    store = control.writing(request, "policy.change", id, {"fields": sorted(given)})
    row = require(await store.change_policy(id, entry=entry, is_active=is_active))
    await control.changed()
    return answer(_show(row))


@router.delete("/{id}", status_code=204)
async def delete_policy(control: Wired, id: str, request: Request) -> Response:
    """Takes the entry out of the chain."""
    refuse_file_row(await _one(control, id))
    if not await control.writing(request, "policy.delete", id, {}).remove_policy(id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


async def _all(control: Control) -> tuple[PolicyRow, ...]:
    return (*control.file_rows().policies, *await control.store.list_policies())


async def _one(control: Control, id_: str) -> PolicyRow:
    return require(next((row for row in await _all(control) if row.id == id_), None))


def _check(control: Control, entry: Mapping[str, Any]) -> None:
    if not isinstance(entry.get("policy"), str):
        raise HTTPException(400, "policy: the key is missing")
    if reserved := _OWN & set(entry):
        raise HTTPException(400, f"{sorted(reserved)[0]}: is not for a body to say")
    for problem in control.check_policy(entry):
        raise HTTPException(400, problem)


def _show(row: PolicyRow) -> dict[str, Any]:
    own = {"id": row.id, "position": row.position, "is_active": row.is_active}
    return {**masked(row.entry), **own, "source": row.source}
