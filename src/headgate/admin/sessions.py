"""The resource ``/admin/auth``: sessions for browsers, API tokens for programs."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field, model_validator

from headgate.admin.administrators import plain_name
from headgate.admin.answers import answer
from headgate.admin.auth import Gate, Identity, digest_of, identity_of, opened_by_password
from headgate.admin.control import Body, Control, Wired
from headgate.admin.instants import rfc3339
from headgate.admin.passwords import LONGEST, Passwords
from headgate.admin.session_opening import Opened, open_session, session_cookie, show, trying
from headgate.model.directory import AdministratorRow, AdminRole, AdminTokenRow

DEFAULT_TOKEN_DAYS = 30


class Login(Body):
    """The admin token, an API token, or an administrator's name and password."""

    token: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=LONGEST)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Login":
        by_token = self.token is not None
        if by_token is (self.name is not None) or by_token is (self.password is not None):
            raise ValueError("give a token, or a name and a password")
        return self


class TokenNew(Body):
    """A new API token."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    role: AdminRole = "viewer"
    days: Annotated[int, Field(ge=1, le=3650)] = DEFAULT_TOKEN_DAYS


router = APIRouter(prefix="/admin/auth", tags=["auth"])


@router.post("/login")
async def login(control: Wired, body: Login, request: Request) -> Response:
    """Opens a session: a cookie for browsers, and the CSRF token of their unsafe requests."""
    if body.token is not None:
        opened = await _by_token(control, request, body.token)
    else:
        name, password = plain_name(body.name or ""), body.password or ""
        opened = await _by_password(control, request, name, password)
    response = answer(opened.shown)
    response.headers["set-cookie"] = opened.cookie
    return response


@router.get("/session")
async def get_session(request: Request) -> Response:
    """Who is asking."""
    identity: Identity = request.state.identity
    return answer(show(identity, identity.csrf))


@router.get("/methods")
async def list_methods(request: Request) -> Response:
    """How one may sign in."""
    oidc = request.app.state.sign_in.settings().oidc is not None
    return answer({"token": True, "password": True, "oidc": oidc})


@router.post("/logout", status_code=204)
async def logout(control: Wired, request: Request) -> Response:
    """Ends the session."""
    await _gate(request).close_session(request.scope["headers"])
    return Response(status_code=204, headers={"set-cookie": session_cookie(request, "", 0)})


@router.get("/tokens")
async def list_tokens(control: Wired) -> Response:
    """Every API token, never in full."""
    return answer([_show_token(row) for row in await control.store.list_tokens()])


@router.post("/tokens", status_code=201)
async def create_token(control: Wired, body: TokenNew, request: Request) -> Response:
    """Makes an API token, shown in full here and never again."""
    text = f"hga-{control.mint_secret()}"
    row = AdminTokenRow(
        id=control.mint(),
        name=body.name,
        role=body.role,
        digest=digest_of(text),
        hint=text[-4:],
        created_at=control.now(),
        expires_at=control.now() + body.days * 86_400.0,
    )
    noted = {"name": row.name, "role": row.role}
    await control.writing(request, "token.create", row.id, noted).add_token(row)
    return answer({**_show_token(row), "token": text}, 201)


@router.delete("/tokens/{id}", status_code=204)
async def delete_token(control: Wired, id: str, request: Request) -> Response:
    """Ends an API token."""
    if not await control.writing(request, "token.delete", id, {}).remove_token(id):
        raise HTTPException(404)
    return Response(status_code=204)


async def _by_token(control: Control, request: Request, token: str) -> Opened:
    gate = _gate(request)
    with trying(request, None) as attempt:
        identity = await gate.identify_token(token)
        attempt.passed = identity is not None
    if identity is None:
        raise HTTPException(401, "the token is not valid")
    return await open_session(
        control, request, identity, lambda secret: gate.opened_by_token(secret, token)
    )


async def _by_password(control: Control, request: Request, name: str, password: str) -> Opened:
    """Takes as long, and says the same, whether there is such a name or not."""
    passwords: Passwords = request.app.state.passwords
    with trying(request, name) as attempt:
        row = await control.store.find_administrator(name)
        fits = await passwords.matches(password, row.password_hash if row else None)
        attempt.passed = fits and row is not None and row.is_active
        if row is not None and attempt.passed and passwords.is_weaker(row.password_hash):
            row = await _rehash(control, passwords, row, password)
    if row is None or not attempt.passed:
        raise HTTPException(401, "the name or the password is not valid")
    current = row
    return await open_session(
        control, request, identity_of(row), lambda _: opened_by_password(current)
    )


async def _rehash(
    control: Control, passwords: Passwords, row: AdministratorRow, password: str
) -> AdministratorRow:
    """The password is known only now: its hash is made as hard as new ones are."""
    kept = await passwords.hash(password)
    await control.store.rehash_password(row, kept)
    return row


def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def _show_token(row: AdminTokenRow) -> dict[str, Any]:
    shown = dict(msgspec.to_builtins(row))
    del shown["digest"]
    shown["created_at"] = rfc3339(row.created_at)
    shown["expires_at"] = rfc3339(row.expires_at) if row.expires_at is not None else None
    return shown
