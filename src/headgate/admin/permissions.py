"""The resource ``/admin/permissions``: who may use which backend."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import IN_FILE, Body, Control, Wired
from headgate.model.directory import Permission


class PermissionBody(Body):
    """A user and a backend, by their ids."""

    user_id: str
    backend_id: str


router = APIRouter(prefix="/admin/permissions", tags=["permissions"])


@router.get("", response_model=list[shapes.Permission])
async def list_permissions(control: Wired) -> Response:
    """Every permission, those of the file first."""
    return answer([_show(row) for row in await _all(control)])


@router.post("", status_code=201, response_model=shapes.Permission)
async def grant(control: Wired, body: PermissionBody, request: Request) -> Response:
    """Lets a user use a backend."""
    await _require_both(control, body)
    row = Permission(body.user_id, body.backend_id)
    if any(_pair(known) == _pair(row) for known in await _all(control)):
        raise HTTPException(409, "the permission exists already")
    subject = f"{row.user_id}/{row.backend_id}"
    await control.writing(request, "permission.grant", subject, {}).add_permission(row)
    await control.changed()
    return answer(_show(row), 201)


@router.delete("", status_code=204)
async def revoke(
    control: Wired,
    user_id: Annotated[str, Query()],
    backend_id: Annotated[str, Query()],
    request: Request,
) -> Response:
    """Takes a permission away."""
    pair = (user_id, backend_id)
    if any(_pair(row) == pair for row in control.file_rows().permissions):
        raise HTTPException(409, IN_FILE)
    store = control.writing(request, "permission.revoke", f"{user_id}/{backend_id}", {})
    if not await store.remove_permission(user_id, backend_id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


@router.get("/user/{id}", response_model=list[shapes.Permission])
async def of_user(control: Wired, id: str) -> Response:
    """What one user may use."""
    return answer([_show(row) for row in await _all(control) if row.user_id == id])


@router.get("/backend/{id}", response_model=list[shapes.Permission])
async def of_backend(control: Wired, id: str) -> Response:
    """Who may use one backend."""
    return answer([_show(row) for row in await _all(control) if row.backend_id == id])


async def _all(control: Control) -> tuple[Permission, ...]:
    return (*control.file_rows().permissions, *await control.store.list_permissions())


async def _require_both(control: Control, body: PermissionBody) -> None:
    of_file = control.file_rows()
    known_users = {row.id for row in (*of_file.users, *await control.store.list_users())}
    known_backends = {row.id for row in (*of_file.backends, *await control.store.list_backends())}
    if body.user_id not in known_users:
        raise HTTPException(404, "user_id: there is no such user")
    if body.backend_id not in known_backends:
        raise HTTPException(404, "backend_id: there is no such backend")


def _pair(row: Permission) -> tuple[str, str]:
    return row.user_id, row.backend_id


def _show(row: Permission) -> dict[str, Any]:
    return dict(msgspec.to_builtins(row))
