"""Who asks the admin API: a bearer of a token, or a browser with a session. Closed by default."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.admin.answers import failure, unreachable
from headgate.admin.oidc_people import Person
from headgate.admin.roles import OPEN
from headgate.model.directory import AdministratorRow, AdminRole, SessionRow
from headgate.model.store_faults import StoreUnreachable
from headgate.ports import DirectoryPort, Headers

COOKIE = "headgate_session"
IDLE_S = 30 * 60.0
"""How long a session lives without a request."""
LONGEST_S = 12 * 3600.0
"""How long a session lives at all."""
_TOUCH_EVERY_S = 60.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CROSS_SITE = "A page of another site may not do this."


class Identity(msgspec.Struct, frozen=True):
    """Who asks, and as what. ``csrf`` where it is a session: its unsafe requests must show it;
    ``administrator_id`` where it is one with a password."""

    actor: str
    role: AdminRole
    csrf: str | None = None
    administrator_id: str | None = None


ADMIN = Identity("admin", "owner")
"""The bearer of the token that the gateway was started with."""


def digest_of(secret: str) -> bytes:
    """What is kept of tokens and sessions: SHA-256, since they are long and random."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def csrf_of(secret: str) -> str:
    """The token that a session's unsafe requests show; it follows from the cookie's secret, so
    that nothing of it is kept."""
    return hmac.digest(secret.encode("utf-8", "replace"), b"csrf", "sha256").hex()


Opener = Mapping[str, Any]
"""What opened a session, as it is kept in it."""


class Gate:
    """Knows callers by the admin token, by API tokens and by sessions.

    A session is no better than what opened it: where the token has ended, the administrator's
    password was changed, or nobody is let in any more by what `role_of` says, so has this.
    """

    def __init__(
        self,
        admin_digest: bytes,
        store: DirectoryPort,
        now: Callable[[], float],
        role_of: Callable[[Person], AdminRole | None] = lambda _: None,
    ) -> None:
        self._admin_digest = admin_digest
        self._store = store
        self._now = now
        self._role_of = role_of

    async def identify(self, headers: Headers) -> Identity | None:
        """The caller of a request; None where nobody is known."""
        given = [value for name, value in headers if name == b"authorization"]
        if given:
            scheme, _, token = given[0].partition(b" ")
            if len(given) > 1 or scheme.lower() != b"bearer":
                return None
            return await self.identify_token(token.strip().decode("utf-8", "surrogateescape"))
        secret = session_secret(headers)
        return await self._from_session(secret) if secret else None

    async def identify_token(self, token: str) -> Identity | None:
        """Who bears `token`. The admin's own works without a database."""
        digest = digest_of(token)
        if hmac.compare_digest(digest, self._admin_digest):
            return ADMIN
        return await self._bearer(digest) if token else None

    async def identify_person(self, person: Person) -> Identity | None:
        """Whom the identity provider knows, unless the one of that name was deactivated here."""
        role = self._role_of(person)
        if role is None:
            return None
        row = await self._store.find_administrator(person.name)
        if row is not None and not row.is_active:
            return None
        return Identity(f"oidc:{person.name}", role)

    async def open_session(self, secret: str, opener: Opener) -> float:
        """Begins a session; its absolute end in Unix seconds."""
        until = self._now() + LONGEST_S
        await self._store.remove_expired_sessions(self._now())
        data = {"until": until, **opener}
        await self._store.add_session(digest_of(secret), data, self._now() + IDLE_S)
        return until

    async def close_session(self, headers: Headers) -> None:
        """Ends the session that a request shows, if it does."""
        secret = session_secret(headers)
        if secret:
            await self._store.remove_session(digest_of(secret))

    def opened_by_token(self, secret: str, token: str) -> Opener:
        """The bearer of `token` opens the session of `secret`. Of the admin token a proof is kept
        and not the digest, from which a weak token could be guessed."""
        digest = digest_of(token)
        ours = hmac.compare_digest(digest, self._admin_digest)
        return {"token": self._proof(secret) if ours else digest.hex()}

    async def _bearer(self, digest: bytes) -> Identity | None:
        row = await self._store.find_token(digest)
        if row is None or (row.expires_at is not None and row.expires_at <= self._now()):
            return None
        return Identity(f"token:{row.name}", row.role)

    async def _from_session(self, secret: str) -> Identity | None:
        row = await self._store.get_session(digest_of(secret))
        now = self._now()
        if row is None or row.expires_at <= now or row.data["until"] <= now:
            return None
        identity = await self._opener(secret, row.data)
        if identity is None:
            return None
        await self._prolong(row, min(now + IDLE_S, row.data["until"]))
        return msgspec.structs.replace(identity, csrf=csrf_of(secret))

    async def _opener(self, secret: str, data: Opener) -> Identity | None:
        if "administrator" in data:
            row = await self._store.get_administrator(data["administrator"])
            same = row is not None and row.generation == data["generation"]
            return identity_of(row) if row is not None and same and row.is_active else None
        if "person" in data:
            return await self.identify_person(msgspec.convert(data["person"], Person))
        if hmac.compare_digest(data["token"], self._proof(secret)):
            return ADMIN
        return await self._bearer(bytes.fromhex(data["token"]))

    async def _prolong(self, row: SessionRow, expires_at: float) -> None:
        if expires_at - row.expires_at >= _TOUCH_EVERY_S:
            await self._store.touch_session(row.digest, expires_at)

    def _proof(self, secret: str) -> str:
        return hmac.digest(self._admin_digest, secret.encode("utf-8", "replace"), "sha256").hex()


def identity_of(row: AdministratorRow) -> Identity:
    """An administrator with a password."""
    return Identity(f"administrator:{row.name}", row.role, administrator_id=row.id)


def opened_by_password(row: AdministratorRow) -> Opener:
    """An administrator opens a session with a password; the next one ends it."""
    return {"administrator": row.id, "generation": row.generation}


def opened_by_person(person: Person) -> Opener:
    """Somebody whom the identity provider knows opens a session."""
    return {"person": msgspec.to_builtins(person)}


class Door:
    """Lets a request through whose caller is known: 401 otherwise, 403 for a wrong CSRF token."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        app = await self._judge(scope) if scope["type"] == "http" else self._app
        await app(scope, receive, send)

    async def _judge(self, scope: Scope) -> ASGIApp:
        if (scope["method"], scope["path"]) in OPEN:
            # Nobody is signed in, without knowing it, to somebody else's account either.
            return self._app if _is_from_here(scope) else failure(403, _CROSS_SITE)
        try:
            identity = await self._gate.identify(scope["headers"])
        except StoreUnreachable:
            return unreachable()
        if identity is None:
            message = "A valid admin token is required: Authorization: Bearer …"
            return failure(401, message, {"www-authenticate": "Bearer"})
        if identity.csrf is not None and not _is_from_here(scope):
            return failure(403, _CROSS_SITE)
        if not _shows_csrf(scope, identity):
            return failure(403, "The header x-csrf-token must carry the session's token.")
        scope.setdefault("state", {})["identity"] = identity
        if identity.csrf is None:
            _say_json(scope)
        return self._app


def session_secret(headers: Headers) -> str | None:
    """The secret in the session's cookie."""
    return cookie_of(headers, COOKIE)


def cookie_of(headers: Headers, name: str) -> str | None:
    """The value of a cookie."""
    cookies = b"; ".join(value for key, value in headers if key == b"cookie").decode("latin-1")
    try:
        morsel = SimpleCookie(cookies).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _is_from_here(scope: Scope) -> bool:
    """Whether an unsafe request comes from a page of ours, or from no page at all: browsers say
    so (W3C Fetch Metadata)."""
    if scope["method"] in _SAFE:
        return True
    sites = [value for name, value in scope["headers"] if name == b"sec-fetch-site"]
    return all(site in (b"same-origin", b"none") for site in sites)


def _say_json(scope: Scope) -> None:
    """A body with a token is JSON, whatever it is called: ``curl -d`` calls everything a form.
    What a page can send by itself, with a session, is held to its type."""
    kept = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
    scope["headers"] = [*kept, (b"content-type", b"application/json")]


def _shows_csrf(scope: Scope, identity: Identity) -> bool:
    if identity.csrf is None or scope["method"] in _SAFE:
        return True
    shown = next((value for name, value in scope["headers"] if name == b"x-csrf-token"), b"")
    return hmac.compare_digest(shown, identity.csrf.encode())
