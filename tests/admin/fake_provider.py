"""An identity provider in memory, which says whatever a test wants it to say."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from headgate.admin.oidc_json import write_base64url as b64
from headgate.upstream.answer import Answer, Call

ISSUER = "https://id.example.org"
CLIENT = "gateway"

RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def number(value: int, size: int | None = None) -> str:
    """A number as a JWK has it."""
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def rsa_jwk(
    key: rsa.RSAPrivateKey = RSA_KEY, kid: str | None = "k1", **more: Any
) -> dict[str, Any]:
    """The public half as a JWK."""
    numbers = key.public_key().public_numbers()
    named = {} if kid is None else {"kid": kid}
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **named, **more}


def ec_jwk(
    key: ec.EllipticCurvePrivateKey = EC_KEY, kid: str = "e1", **more: Any
) -> dict[str, Any]:
    """The public half as a JWK."""
    numbers = key.public_key().public_numbers()
    point = {"x": number(numbers.x, 32), "y": number(numbers.y, 32)}
    return {"kty": "EC", "crv": "P-256", "kid": kid, **point, **more}


def sign(algorithm: str, text: bytes, key: Any = None) -> bytes:
    """A signature of the given kind."""
    if algorithm == "ES256":
        made = (key or EC_KEY).sign(text, ec.ECDSA(hashes.SHA256()))
        return b"".join(half.to_bytes(32, "big") for half in utils.decode_dss_signature(made))
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm == "PS256":
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signature: bytes = (key or RSA_KEY).sign(text, scheme, hashes.SHA256())
    return signature


def token_of(
    payload: Mapping[str, Any] | bytes,
    header: Mapping[str, Any] | bytes | None = None,
    key: Any = None,
) -> str:
    """A signed token."""
    header = {"alg": "RS256", "kid": "k1"} if header is None else header
    parts = [
        b64(part if isinstance(part, bytes) else json.dumps(part).encode())
        for part in (header, payload)
    ]
    text = ".".join(parts)
    algorithm = "RS256" if isinstance(header, bytes) else header["alg"]
    return f"{text}.{b64(sign(algorithm, text.encode(), key))}"


class Scripted:
    """One answer."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.closed = False
        self._pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self.closed = True

    def pushing(self) -> None:
        return None


def answered(value: Any, status: int = 200) -> Scripted:
    """An answer of JSON."""
    return Scripted(status, json.dumps(value).encode(), {"content-type": "application/json"})


class FakeProvider:
    """Answers by the path that is called: `answers` outrank what a good provider would say.

    It redeems each code that `sent_to` gave it once, if the verifier is the challenge's.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, Scripted | Exception] = {}
        self.keys: list[dict[str, Any]] = [rsa_jwk(), ec_jwk()]
        self.claims: dict[str, Any] = {"email": "alice@example.org", "email_verified": True}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.more: dict[str, Any] = {}
        self.now = 1_700_000_000.0
        self.signing: Any = None
        self._asked: dict[str, dict[str, str]] = {}

    def sent_to(self, address: str) -> dict[str, str]:
        """A browser arrives there and signs in: what it brings back to the gateway."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self._asked)}"
        self._asked[code] = asked
        return {"code": code, "state": asked["state"]}

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        path = urlsplit(call.url).path
        scripted = self.answers.get(path)
        if isinstance(scripted, Exception):
            raise scripted
        if scripted is not None:
            return scripted
        if path == "/.well-known/openid-configuration":
            return answered(self.description())
        if path == "/keys":
            return answered({"keys": self.keys})
        assert path == "/token", path
        return self._redeem(call)

    async def aclose(self) -> None:
        """It has nothing to close."""

    def description(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            **self.more,
        }

    def _redeem(self, call: Call) -> Scripted:
        assert isinstance(call.body, bytes)
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        asked = self._asked.pop(form["code"], None)
        if asked is None or not self._fits(asked, form):
            return answered({"error": "invalid_grant"}, 400)
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": "alice",
            "nonce": asked["nonce"],
            "iat": self.now,
            "exp": self.now + 300,
            **self.claims,
        }
        return answered({"id_token": token_of(claims, self.header, self.signing)})

    def _fits(self, asked: Mapping[str, str], form: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = asked["redirect_uri"] == form["redirect_uri"]
        return same and asked["code_challenge"] == challenge
