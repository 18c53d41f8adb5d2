"""The paths ``/admin/auth/oidc``: signing in through an identity provider (OpenID Connect)."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from headgate.admin.auth import cookie_of, opened_by_person
from headgate.admin.control import Control, Wired
from headgate.admin.oidc_keys import PublicKey
from headgate.admin.oidc_passage import COOKIE, LONGEST_S, PATH, Passage, begin, resume
from headgate.admin.oidc_people import Person, person_of
from headgate.admin.oidc_provider import (
    FRESH_S,
    CodeRefused,
    Exchange,
    Provider,
    ProviderFailed,
)
from headgate.admin.oidc_token import (
    Expected,
    KeyUnknown,
    OfAnotherLogin,
    TokenRefused,
    read_id_token,
)
from headgate.admin.session_opening import is_secure, open_session, trying
from headgate.config import AdminSettings, OidcSettings
from headgate.upstream.answer import Upstream

AGAIN = f"begin again at {PATH}/start"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_CODE = re.compile(r"[a-z_]{1,60}")
_NEVER_KEPT = {"cache-control": "no-store", "referrer-policy": "no-referrer"}

Text = Annotated[str | None, Query(max_length=4096)]


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Handed in by the composition root: the section ``admin`` in force, the way out, the keys of
    the cookie (the newest first), a clock that only moves on."""

    settings: Callable[[], AdminSettings]
    http: Upstream
    keys: tuple[bytes, ...]
    clock: Callable[[], float]


router = APIRouter(prefix=PATH, tags=["auth"])


@router.get("/start", status_code=303)
async def start(control: Wired, request: Request) -> Response:
    """Sends the browser to the identity provider."""
    sign_in, settings = _settings(request)
    redirect_uri = _redirect_uri(request)
    try:
        description = await _provider(request).describe(settings)
    except ProviderFailed as failure:
        raise HTTPException(502, str(failure)) from failure
    cookie, passage = begin(control.mint_secret(), control.now(), sign_in.keys)
    asked = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(settings.scopes),
        "state": passage.state,
        "nonce": passage.nonce,
        "code_challenge": passage.challenge,
        "code_challenge_method": "S256",
    }
    address = description.authorization_endpoint
    mark = "&" if "?" in address else "?"
    response = _redirect(f"{address}{mark}{urlencode(asked)}")
    response.headers.append("set-cookie", _cookie(request, cookie, LONGEST_S))
    return response


@router.get("/callback", status_code=303)
async def callback(
    control: Wired,
    request: Request,
    code: Text = None,
    state: Text = None,
    error: Text = None,
    iss: Text = None,
) -> Response:
    """Where the provider sends the browser back to: opens a session, and leads to ``/admin``."""
    _, settings = _settings(request)
    passage = _passage(control, request, state)
    _refuse_answer(settings, error, iss)
    if not code:
        raise HTTPException(400, f"code: missing; {AGAIN}")
    exchange = Exchange(code=code, verifier=passage.verifier, redirect_uri=_redirect_uri(request))
    with trying(request, None) as attempt:
        try:
            person = await _person(control, request, exchange, passage)
        except (CodeRefused, OfAnotherLogin) as failure:
            attempt.passed = False
            raise HTTPException(400, f"the provider does not take the code; {AGAIN}") from failure
    identity = await request.app.state.gate.identify_person(person)
    if identity is None:
        raise HTTPException(403, "the identity provider knows you, but you may not administer")
    opened = await open_session(control, request, identity, lambda _: opened_by_person(person))
    # The page there needs no session: the cookie, being Strict, comes only with what it asks for.
    response = _redirect("/admin")
    response.headers.append("set-cookie", opened.cookie)
    response.headers.append("set-cookie", _cookie(request, "", 0))
    return response


def _settings(request: Request) -> tuple[SignIn, OidcSettings]:
    sign_in: SignIn = request.app.state.sign_in
    settings = sign_in.settings().oidc
    if settings is None:
        raise HTTPException(404, "no identity provider is configured (admin.oidc)")
    return sign_in, settings


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


def _redirect_uri(request: Request) -> str:
    """Where the provider sends the browser back to; it lets only those pass that it knows."""
    public = request.app.state.sign_in.settings().public_url
    if public is not None:
        return f"{public.rstrip('/')}{PATH}/callback"
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise HTTPException(400, "host: is no name of this gateway")
    return f"{request.scope['scheme']}://{host}{PATH}/callback"


def _passage(control: Control, request: Request, state: str | None) -> Passage:
    """The login that this browser began. Whatever comes with another state is not its answer."""
    cookie = cookie_of(request.scope["headers"], COOKIE)
    sign_in: SignIn = request.app.state.sign_in
    passage = resume(cookie, control.now(), sign_in.keys) if cookie else None
    if passage is None:
        raise HTTPException(400, f"no login was begun in this browser, or it took long; {AGAIN}")
    if state != passage.state:
        raise HTTPException(400, f"state: is of another login; {AGAIN}")
    return passage


def _refuse_answer(settings: OidcSettings, error: str | None, iss: str | None) -> None:
    """What the provider says instead of a code, or somebody else in its place (RFC 9207)."""
    if iss is not None and iss != settings.issuer:
        raise HTTPException(400, f"iss: is another provider; {AGAIN}")
    if error is not None:
        said = error if _CODE.fullmatch(error) else "no reason that can be repeated"
        raise HTTPException(403, f"the identity provider refused the login: {said}")


async def _person(
    control: Control, request: Request, exchange: Exchange, passage: Passage
) -> Person:
    _, settings = _settings(request)
    provider = _provider(request)
    try:
        token = await provider.redeem(settings, exchange)
        expected = Expected(
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=passage.nonce,
            now=control.now(),
        )
        claims = await _claims(provider, settings, token, expected)
    except ProviderFailed as failure:
        raise HTTPException(502, str(failure)) from failure
    except OfAnotherLogin:
        raise
    except TokenRefused as refusal:
        message = f"The identity provider's token is not acceptable: {refusal}."
        raise HTTPException(502, message) from refusal
    return person_of(claims, settings)


async def _claims(
    provider: Provider, settings: OidcSettings, token: str, expected: Expected
) -> Mapping[str, object]:
    keys: tuple[PublicKey, ...] = await provider.keys(settings)
    try:
        return read_id_token(token, keys, expected)
    except KeyUnknown:
        # The provider has changed its keys since they were read.
        return read_id_token(token, await provider.keys(settings, FRESH_S), expected)


def _redirect(address: str) -> Response:
    return Response(status_code=303, headers={"location": address, **_NEVER_KEPT})


def _cookie(request: Request, value: str, max_age_s: int) -> str:
    # Lax: the provider's redirect comes from another site, and must bring it along.
    secure = "; Secure" if is_secure(request) else ""
    return f"{COOKIE}={value}; HttpOnly; SameSite=Lax; Path={PATH}; Max-Age={max_age_s}{secure}"
