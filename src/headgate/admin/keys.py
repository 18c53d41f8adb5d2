"""The resource ``/admin/users/{id}/keys``: a user's keys with their scopes, never in full."""

import ipaddress
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AfterValidator, Field

from headgate.admin import shapes
from headgate.admin.answers import answer
from headgate.admin.control import Body, Control, NewKey, Wired, refuse_file, require
from headgate.admin.instants import rfc3339
from headgate.admin.limits_body import LimitsBody, limits_of
from headgate.admin.schema import Instant
from headgate.model.directory import KeyRow


def _network(text: str) -> str:
    ipaddress.ip_network(text, strict=False)
    return text


OwnKey = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]
Scope = Annotated[str, Field(min_length=1, max_length=500)]
Cidr = Annotated[str, AfterValidator(_network), Field(examples=["10.0.0.0/8"])]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=1000)]
_SCOPES = ("backends", "models", "paths", "cidrs")


class KeyChange(Body):
    """The fields of a key that may change; those left out stay. A scope that is null is everything
    that the user may; limits count beside the user's."""

    expires_at: Instant | None = Field(None, description="null: never")
    backends: Scopes | None = Field(None, description="Ids of backends")
    models: Scopes | None = Field(None, description="Globs of model names")
    paths: Scopes | None = Field(None, description="Globs of paths")
    cidrs: Annotated[list[Cidr], Field(min_length=1, max_length=1000)] | None = None
    limits: LimitsBody | None = None


class KeyNew(KeyChange):
    """A further key of a user."""

    api_key: OwnKey | None = Field(None, description="Left out: one is made")


router = APIRouter(prefix="/admin/users/{id}/keys", tags=["users"])


@router.get("", response_model=list[shapes.Key])
async def list_keys(control: Wired, id: str) -> Response:
    """The user's keys, the oldest first. The file's users have theirs in the file."""
    if any(row.id == id for row in control.file_rows().users):
        return answer([])
    require(await control.store.get_user(id))
    return answer([_show(key) for key in await control.store.list_keys(id)])


@router.post("", status_code=201, response_model=shapes.KeyInFull)
async def create_key(control: Wired, id: str, body: KeyNew, request: Request) -> Response:
    """Makes a further key, shown in full here and never again."""
    refuse_file(control.file_rows().users, id)
    require(await control.store.get_user(id))
    given = _given(control, body)
    made = make_key(control, id, given.pop("api_key", None))
    row = msgspec.structs.replace(made.row, **given)
    await control.writing(request, "key.create", row.id, {"user_id": id}).add_key(row)
    await control.changed()
    return answer({**_show(row), "api_key": made.text}, 201)


@router.put("/{key_id}", response_model=shapes.Key)
async def change_key(
    control: Wired, id: str, key_id: str, body: KeyChange, request: Request
) -> Response:
    """Changes the fields that are given; one that was revoked stays as it is."""
    refuse_file(control.file_rows().users, id)
    if (await _key(control, id, key_id)).revoked_at is not None:
        raise HTTPException(409, "this key was revoked")
    given = _given(control, body)
    noted = {"user_id": id, "fields": sorted(given)}
    store = control.writing(request, "key.change", key_id, noted)
    row = require(await store.change_key(key_id, **given))
    await control.changed()
    return answer(_show(row))


@router.delete("/{key_id}", status_code=204)
async def revoke_key(control: Wired, id: str, key_id: str, request: Request) -> Response:
    """Ends a key at once; it stays in the list, revoked."""
    refuse_file(control.file_rows().users, id)
    await _key(control, id, key_id)
    store = control.writing(request, "key.revoke", key_id, {"user_id": id})
    if not await store.revoke_key(key_id, control.now()):
        raise HTTPException(404)
    await control.changed()
    return Response(status_code=204)


def make_key(control: Control, user_id: str, own: str | None) -> NewKey:
    """A key of the user, ``own`` where it is given, or a 400 where that is too weak."""
    try:
        return control.make_key(user_id, own)
    except ValueError as error:
        raise HTTPException(400, f"api_key: {error}") from error


async def _key(control: Control, user_id: str, key_id: str) -> KeyRow:
    """The user's key with that id, or a 404."""
    keys = await control.store.list_keys(user_id)
    return require(next((key for key in keys if key.id == key_id), None))


def _given(control: Control, body: KeyChange) -> dict[str, Any]:
    """The row's fields that are given, or a 400 for an end that is over."""
    given = body.given()
    ends_at = given.get("expires_at")
    if ends_at is not None and ends_at <= control.now():
        raise HTTPException(400, "expires_at: lies in the past")
    for name in _SCOPES:
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    if "limits" in given:
        given["limits"] = limits_of(given["limits"])
    return given


def _show(key: KeyRow) -> dict[str, Any]:
    shown = dict(msgspec.to_builtins(key))
    del shown["digest"]
    for name in ("created_at", "expires_at", "revoked_at", "last_used_at"):
        at = getattr(key, name)
        shown[name] = None if at is None else rfc3339(at)
    return shown
