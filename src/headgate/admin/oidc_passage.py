"""One login at an identity provider, bound to the browser that began it.

The browser keeps a random text with the time and a seal in a cookie; state, nonce and the PKCE
verifier (RFC 7636) follow from it and the gateway's secret, so that nothing is kept here, every
worker can go on with it, and the verifier is in no browser.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

import msgspec

from headgate.admin.oidc_json import write_base64url

COOKIE = "headgate_login"
PATH = "/admin/auth/oidc"
LONGEST_S = 600
"""How long a login may take."""

_FORM = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{20,100})\.([A-Za-z0-9_-]{43})")


class Passage(msgspec.Struct, frozen=True):
    """What goes to the provider and must come back."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """The verifier's digest (S256)."""
        return write_base64url(hashlib.sha256(self.verifier.encode()).digest())


def begin(secret: str, now: float, keys: Sequence[bytes]) -> tuple[str, Passage]:
    """The cookie's value and the passage; `secret` is random text."""
    head = f"{int(now)}.{secret}"
    return f"{head}.{_derived(keys[0], 'cookie', head)}", _passage(keys[0], head)


def resume(cookie: str, now: float, keys: Sequence[bytes]) -> Passage | None:
    """The passage that a cookie stands for; None where it is none of ours, or too old."""
    form = _FORM.fullmatch(cookie)
    if form is None or not 0 <= now - int(form[1]) + 1 <= LONGEST_S + 1:
        return None
    head = f"{form[1]}.{form[2]}"
    for key in keys:
        if hmac.compare_digest(_derived(key, "cookie", head), form[3]):
            return _passage(key, head)
    return None


def _passage(key: bytes, head: str) -> Passage:
    state, nonce, verifier = (_derived(key, use, head) for use in ("state", "nonce", "verifier"))
    return Passage(state, nonce, verifier)


def _derived(key: bytes, use: str, head: str) -> str:
    return write_base64url(hmac.digest(key, f"{use}:{head}".encode(), hashlib.sha256))
