"""The resource ``/admin/auth``: sessions for browsers, API tokens for programs."""

import math
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from headgate.admin.answers import answer
from headgate.admin.auth import (
    COOKIE,
    LONGEST_S,
    Identity,
    csrf_of,
    digest_of,
    session_secret,
)
from headgate.admin.control import Body, Wired
from headgate.admin.instants import rfc3339
from headgate.admin.throttle import Throttle
from headgate.model.directory import AdminRole, AdminTokenRow

DEFAULT_TOKEN_DAYS = 30


class Login(Body):
    """The admin token, or an API token."""

    token: Annotated[str, Field(min_length=1, max_length=1000)]


class TokenNew(Body):
    """A new API token."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    role: AdminRole = "viewer"
    days: Annotated[int, Field(ge=1, le=3650)] = DEFAULT_TOKEN_DAYS


router = APIRouter(prefix="/admin/auth", tags=["auth"])


@router.post("/login")
async def login(control: Wired, body: Login, request: Request) -> Response:
    """Opens a session: a cookie for browsers, and the CSRF token of their unsafe requests."""
    gate, throttle = request.app.state.gate, request.app.state.throttle
    source = request.client.host if request.client else ""
    _refuse_hasty(throttle, source, control.now())
    identity = await gate.identify_token(body.token)
    if identity is None:
        throttle.failed(source, control.now())
        raise HTTPException(401, "the token is not valid")
    throttle.succeeded(source)
    secret = control.mint_secret()
    expires_at = await gate.open_session(secret, body.token)
    shown = _show(identity, csrf_of(secret))
    response = answer({**shown, "expires_at": rfc3339(expires_at)})
    secure = "; Secure" if request.url.scheme == "https" else ""
    response.headers["set-cookie"] = _cookie(secret, int(LONGEST_S)) + secure
    return response


@router.get("/session")
async def get_session(request: Request) -> Response:
    """Who is asking."""
    identity: Identity = request.state.identity
    return answer(_show(identity, identity.csrf))


@router.post("/logout", status_code=204)
async def logout(control: Wired, request: Request) -> Response:
    """Ends the session."""
    secret = session_secret(request.scope["headers"])
    if secret:
        await control.store.remove_session(digest_of(secret))
    return Response(status_code=204, headers={"set-cookie": _cookie("", 0)})


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


def _refuse_hasty(throttle: Throttle, source: str, now: float) -> None:
    """A 429 for whoever guessed wrong too often."""
    wait_s = throttle.wait_s(source, now)
    if wait_s:
        headers = {"retry-after": str(math.ceil(wait_s))}
        raise HTTPException(429, "too many failures; try again later", headers)


def _cookie(secret: str, max_age_s: int) -> str:
    return f"{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_s}"


def _show(identity: Identity, csrf: str | None) -> dict[str, Any]:
    return {"actor": identity.actor, "role": identity.role, "csrf_token": csrf}


def _show_token(row: AdminTokenRow) -> dict[str, Any]:
    shown = dict(msgspec.to_builtins(row))
    del shown["digest"]
    shown["created_at"] = rfc3339(row.created_at)
    shown["expires_at"] = rfc3339(row.expires_at) if row.expires_at is not None else None
    return shown
