"""Opens sessions: tries are counted, an old session ends, the cookie is a new one."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from headgate.admin.answers import failure
from headgate.admin.auth import COOKIE, LONGEST_S, Gate, Identity, Opener, csrf_of
from headgate.admin.control import Control
from headgate.admin.instants import rfc3339
from headgate.admin.passwords import PasswordsBusy
from headgate.admin.throttle import Attempt, LoginThrottle, TooHasty


class Opened(msgspec.Struct, frozen=True):
    """A new session: its cookie, and what its owner is told."""

    cookie: str
    shown: dict[str, Any]


def trying(request: Request, name: str | None) -> AbstractContextManager[Attempt]:
    """A try to sign in, as `name` where one is given. Raises TooHasty."""
    address = request.client.host if request.client else ""
    throttle: LoginThrottle = request.app.state.throttle
    return throttle.attempt(address, name, request.app.state.control.now())


def tell_haste(app: FastAPI) -> None:
    """Gives who is too hasty, and who comes while too much is to do, a 429."""
    app.add_exception_handler(TooHasty, _from_haste)
    app.add_exception_handler(PasswordsBusy, _from_busy)


async def open_session(
    control: Control, request: Request, identity: Identity, opener: Callable[[str], Opener]
) -> Opened:
    """A session of `identity`, in place of the one that the request shows; `opener` says by what
    the session of a secret was opened."""
    gate: Gate = request.app.state.gate
    await gate.close_session(request.scope["headers"])
    secret = control.mint_secret()
    expires_at = await gate.open_session(secret, opener(secret))
    request.state.identity = identity
    await control.note(request, "session.open", identity.actor, {"role": identity.role})
    shown = {**show(identity, csrf_of(secret)), "expires_at": rfc3339(expires_at)}
    return Opened(session_cookie(request, secret, int(LONGEST_S)), shown)


def show(identity: Identity, csrf: str | None) -> dict[str, Any]:
    """An identity as the API shows it."""
    return {"actor": identity.actor, "role": identity.role, "csrf_token": csrf}


def session_cookie(request: Request, secret: str, max_age_s: int) -> str:
    """The session's cookie, which no script reads and no other site sends."""
    secure = "; Secure" if is_secure(request) else ""
    return f"{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_s}{secure}"


def is_secure(request: Request) -> bool:
    """Whether the browser reaches the gateway over TLS, be it by a proxy that ends it."""
    public = request.app.state.sign_in.settings().public_url or ""
    return request.scope["scheme"] == "https" or public.startswith("https:")


def _from_haste(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooHasty)
    return failure(429, str(error), {"retry-after": str(math.ceil(error.wait_s))})


def _from_busy(request: Request, error: Exception) -> Response:
    message = "too many passwords are being checked at this moment"
    return failure(429, message, {"retry-after": "1"})
