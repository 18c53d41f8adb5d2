"""A real OpenID Connect provider in a process of its own: the one of a package for tests, which is
made to insist on PKCE and a nonce."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Self

import httpx

_PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
from datetime import timedelta
import authlib.integrations.flask_oauth2 as flask_oauth2
from authlib.oauth2.rfc7636 import CodeChallenge
import oidc_provider_mock
from oidc_provider_mock import _app
from werkzeug.serving import make_server

asked = {}

class Pkce(CodeChallenge):
    def get_authorization_code_challenge(self, code):
        return asked[code.code]["code_challenge"]
    def get_authorization_code_challenge_method(self, code):
        return asked[code.code]["code_challenge_method"]

class Grant(_app.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]
    def save_authorization_code(self, code, request):
        super().save_authorization_code(code, request)
        asked[code] = dict(request.payload.data)
        assert asked[code]["code_challenge_method"] == "S256"

class Server(flask_oauth2.AuthorizationServer):
    def register_grant(self, grant, extensions=None):
        if grant is _app.AuthorizationCodeGrant:
            grant, extensions = Grant, [*extensions, Pkce(required=True)]
        super().register_grant(grant, extensions)

flask_oauth2.AuthorizationServer = Server
lifetime = timedelta(seconds=int(sys.argv[1]))
app = oidc_provider_mock.app(require_nonce=True, access_token_max_age=lifetime)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""


class IdentityProvider:
    """Running from ``with`` on; ``url`` is its issuer. Its tokens live for `lifetime_s`."""

    def __init__(self, lifetime_s: int = 300) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(lifetime_s)],
            env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def know(self, subject: str, **claims: Any) -> None:
        """From now on it says `claims` of `subject`."""
        httpx.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()

    def stop(self) -> None:
        """It is gone."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def sign_in(browser: httpx.Client, gateway_url: str, form: Mapping[str, str]) -> httpx.Response:
    """Follows the login until the gateway is called back: the request to do so is in
    ``next_request``."""
    asked = browser.get(f"{gateway_url}/admin/auth/oidc/start")
    assert asked.status_code == 303, asked.text
    assert asked.next_request is not None
    page = browser.send(asked.next_request)
    assert page.status_code == 200, page.text
    back = browser.post(page.url, data=dict(form))
    assert back.status_code in (302, 303), back.text
    return back
