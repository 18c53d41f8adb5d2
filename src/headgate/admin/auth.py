"""Who may administer: the bearer of the admin token. Every path is closed unless listed here."""

import hashlib
import hmac
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.admin.answers import failure

PUBLIC = frozenset({"/admin/docs", "/admin/openapi.json"})
"""They say what this program can do and nothing of what it does."""


def verifier(digest: bytes) -> Callable[[bytes], bool]:
    """A check of tokens against the SHA-256 digest of the right one, in constant time."""

    def verify(token: bytes) -> bool:
        return hmac.compare_digest(hashlib.sha256(token).digest(), digest)

    return verify


class TokenGate:
    """Lets a request through whose token `verify` takes, and answers 401 to any other."""

    def __init__(self, app: ASGIApp, verify: Callable[[bytes], bool]) -> None:
        self._app = app
        self._verify = verify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        allowed = scope["type"] != "http" or scope["path"] in PUBLIC or self._holds_token(scope)
        app = self._app if allowed else _unauthorized()
        await app(scope, receive, send)

    def _holds_token(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) != 1:
            return False
        scheme, _, token = given[0].partition(b" ")
        return scheme.lower() == b"bearer" and self._verify(token.strip())


def _unauthorized() -> ASGIApp:
    return failure(
        401,
        "A valid admin token is required: Authorization: Bearer …",
        {"www-authenticate": "Bearer"},
    )
