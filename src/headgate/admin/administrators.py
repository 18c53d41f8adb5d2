"""The resource ``/admin/administrators``, and the passwords that its rows sign in with."""

import unicodedata
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AfterValidator, Field

from headgate.admin.answers import answer
from headgate.admin.auth import identity_of, opened_by_password
from headgate.admin.control import Body, Wired, refuse_null, require
from headgate.admin.instants import rfc3339
from headgate.admin.passwords import LONGEST, SHORTEST, Passwords
from headgate.admin.session_opening import open_session, trying
from headgate.model.directory import AdministratorRow, AdminRole


def plain_name(text: str) -> str:
    """A name as it is kept: two that look the same are the same."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _name(text: str) -> str:
    name = plain_name(text)
    if not name or not name.isprintable() or " " in name:
        raise ValueError("must be printable, not empty, and without spaces")
    return name


def _password(text: str) -> str:
    if len(text) < SHORTEST:
        raise ValueError(f"must have {SHORTEST} characters or more")
    return text


Name = Annotated[str, Field(max_length=200), AfterValidator(_name)]
Password = Annotated[str, Field(max_length=LONGEST), AfterValidator(_password)]


class AdministratorChange(Body):
    """The fields of an administrator that may change; those left out stay. A new password, and
    ``is_active: false``, end the sessions."""

    name: Name | None = None
    password: Password | None = None
    role: AdminRole | None = None
    is_active: bool | None = None


class AdministratorNew(AdministratorChange):
    """A new administrator."""

    name: Name
    password: Password


class PasswordChange(Body):
    """One's own password, and the one to come."""

    old: Annotated[str, Field(max_length=LONGEST)]
    new: Password


router = APIRouter(prefix="/admin", tags=["administrators"])


@router.get("/administrators")
async def list_administrators(control: Wired) -> Response:
    """Every administrator with a password."""
    return answer([_show(row) for row in await control.store.list_administrators()])


@router.post("/administrators", status_code=201)
async def create_administrator(
    control: Wired, body: AdministratorNew, request: Request
) -> Response:
    """Makes an administrator: a viewer, where no role is given."""
    given = body.given()
    refuse_null(given, "role", "is_active")
    kept = await _passwords(request).hash(given.pop("password"))
    row = AdministratorRow(
        id=control.mint(),
        created_at=control.now(),
        password_hash=kept,
        **{"role": "viewer", **given},
    )
    noted = {"name": row.name, "role": row.role}
    await control.writing(request, "administrator.create", row.id, noted).add_administrator(row)
    return answer(_show(row), 201)


@router.get("/administrators/{id}")
async def get_administrator(control: Wired, id: str) -> Response:
    """One administrator."""
    return answer(_show(require(await control.store.get_administrator(id))))


@router.put("/administrators/{id}")
async def change_administrator(
    control: Wired, id: str, body: AdministratorChange, request: Request
) -> Response:
    """Changes the fields that are given."""
    given = body.given()
    refuse_null(given, "name", "password", "role", "is_active")
    require(await control.store.get_administrator(id))
    noted: dict[str, Any] = {"fields": sorted(given)}
    ends = "password" in given or given.get("is_active") is False
    if "password" in given:
        given["password_hash"] = await _passwords(request).hash(given.pop("password"))
    store = control.writing(request, "administrator.change", id, noted)
    row = await store.change_administrator(id, ends_sessions=ends, **given)
    return answer(_show(require(row)))


@router.delete("/administrators/{id}", status_code=204)
async def delete_administrator(control: Wired, id: str, request: Request) -> Response:
    """Takes the administrator away; the sessions end."""
    store = control.writing(request, "administrator.delete", id, {})
    if not await store.remove_administrator(id):
        raise HTTPException(404)
    return Response(status_code=204)


@router.post("/auth/password")
async def change_own_password(control: Wired, body: PasswordChange, request: Request) -> Response:
    """Changes one's own password: every session ends, and the one that asks begins anew."""
    id_ = request.state.identity.administrator_id
    if id_ is None:
        raise HTTPException(400, "only an administrator who signed in with a password has one")
    row = require(await control.store.get_administrator(id_))
    passwords = _passwords(request)
    with trying(request, row.name) as attempt:
        attempt.passed = await passwords.matches(body.old, row.password_hash)
        if not attempt.passed:
            raise HTTPException(400, "old: is not your password")
        if body.new == body.old:
            raise HTTPException(400, "new: is the old one")
        kept = await passwords.hash(body.new)
    store = control.writing(request, "administrator.password", row.id, {})
    if not await store.replace_password(row, kept):
        raise HTTPException(409, "the password was changed meanwhile")
    renewed = require(await control.store.get_administrator(id_))
    opened = await open_session(
        control, request, identity_of(renewed), lambda _: opened_by_password(renewed)
    )
    response = answer(opened.shown)
    response.headers["set-cookie"] = opened.cookie
    return response


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


def _show(row: AdministratorRow) -> dict[str, Any]:
    shown = dict(msgspec.to_builtins(row))
    del shown["password_hash"], shown["generation"]
    return {**shown, "created_at": rfc3339(row.created_at)}
