"""The resource ``/admin/users``, and the keys of each."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import (
    Body,
    Wired,
    refuse_duplicate,
    refuse_file,
    refuse_null,
    require,
)
from headgate.admin.instants import rfc3339
from headgate.admin.keys import OwnKey, make_key
from headgate.admin.limits_body import LimitsBody, limits_of
from headgate.model.directory import UserRow

Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$")
]


class UserChange(Body):
    """The fields of a user that may change; those left out stay."""

    name: Name | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    is_active: bool | None = None
    detail_logging: bool | None = None
    copy_reasoning_to_reasoning_content: bool | None = None
    limits: LimitsBody | None = None
    models: list[Name] | None = None


class UserNew(UserChange):
    """A new user. Without ``api_key`` one is made."""

    name: Name
    api_key: OwnKey | None = None


class KeyRenewal(Body):
    """``overlap_s``: how long the old keys go on working; left out: not at all."""

    overlap_s: Annotated[float, Field(ge=0, le=30 * 86_400)] | None = None


router = APIRouter(prefix="/admin/users", tags=["users"])


@router.get("", response_model=list[shapes.User])
async def list_users(control: Wired) -> Response:
    """Every user, those of the file first."""
    rows = (*control.file_rows().users, *await control.store.list_users())
    return answer([show(row) for row in rows])


@router.post("", status_code=201, response_model=shapes.UserWithKey)
async def create_user(control: Wired, body: UserNew, request: Request) -> Response:
    """Makes a user and a key, which is shown in full here and never again."""
    refuse_duplicate(control.file_rows().users, body.name, "a user")
    given = body.given()
    own = given.pop("api_key", None)
    _settle(given)
    id_ = control.mint()
    key = make_key(control, id_, own)
    row = UserRow(id=id_, created_at=control.now(), key_hint=key.row.hint, **given)
    store = control.writing(request, "user.create", id_, {"name": row.name})
    await store.add_user(row, key.row)
    await control.changed()
    return answer({**show(row), "api_key": key.text}, 201)


@router.get("/{id}", response_model=shapes.User)
async def get_user(control: Wired, id: str) -> Response:
    """One user."""
    of_file = next((row for row in control.file_rows().users if row.id == id), None)
    return answer(show(of_file or require(await control.store.get_user(id))))


@router.put("/{id}", response_model=shapes.User)
async def change_user(control: Wired, id: str, body: UserChange, request: Request) -> Response:
    """Changes the fields that are given."""
    refuse_file(control.file_rows().users, id)
    given = body.given()
    _settle(given)
    if "name" in given:
        refuse_duplicate(control.file_rows().users, given["name"], "a user", id)
    store = control.writing(request, "user.change", id, {"fields": sorted(given)})
    row = require(await store.change_user(id, **given))
    await control.changed()
    return answer(show(row))


@router.delete("/{id}", status_code=204)
async def delete_user(control: Wired, id: str, request: Request) -> Response:
    """Takes the user away, with keys and permissions."""
    refuse_file(control.file_rows().users, id)
    store = control.writing(request, "user.delete", id, {})
    if not await store.remove_user(id):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


@router.post("/{id}/regenerate-api-key", response_model=shapes.UserWithKey)
async def regenerate(
    control: Wired, id: str, request: Request, body: KeyRenewal | None = None
) -> Response:
    """Makes a new key, shown in full here and never again; the old ones end."""
    refuse_file(control.file_rows().users, id)
    user = require(await control.store.get_user(id))
    key = control.make_key(id, None)
    overlap_s = body.overlap_s if body else None
    until = None if overlap_s is None else control.now() + overlap_s
    store = control.writing(request, "user.regenerate_key", id, {"key": key.row.id})
    await store.replace_keys(id, key.row, until)
    await control.changed()
    return answer({**show(user), "api_key": key.text, "key_hint": key.row.hint})


def show(row: UserRow) -> dict[str, Any]:
    """A user as the API shows it."""
    shown = msgspec.to_builtins(row)
    shown["created_at"] = rfc3339(row.created_at) if row.created_at else None
    return dict(shown)


def _settle(given: dict[str, Any]) -> None:
    """From the fields of a body to those of the row."""
    refuse_null(given, "name", "is_active", "detail_logging", "copy_reasoning_to_reasoning_content")
    if "limits" in given:
        given["limits"] = limits_of(given["limits"])
    if given.get("models") is not None:
        given["models"] = tuple(given["models"])
