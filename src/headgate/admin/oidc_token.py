"""An ID token (OpenID Connect Core, 3.1.3.7), checked: signature first, then every claim."""

import hmac
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from headgate.admin.oidc_json import read_base64url, read_object
from headgate.admin.oidc_keys import ALGORITHMS, PublicKey, fitting, is_signed

LEEWAY_S = 60.0
"""How far the provider's clock may be from ours."""
MOST_CHARACTERS = 32 * 1024


class TokenRefused(Exception):  # noqa: N818 - named for the fact
    """Why the token is not acceptable, in words that begin with 'its' or 'it'."""


class KeyUnknown(TokenRefused):
    """The key that it names is not among those that are known."""


class OfAnotherLogin(TokenRefused):
    """It was made for another login than this."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the token must say; ``now`` in Unix seconds."""

    issuer: str
    client_id: str
    nonce: str
    now: float


def read_id_token(token: str, keys: tuple[PublicKey, ...], expected: Expected) -> Mapping[str, Any]:
    """The claims of `token`. Raises TokenRefused."""
    if len(token) > MOST_CHARACTERS:
        raise TokenRefused("it is too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("it does not have three parts")
    try:
        header, payload = (read_object(read_base64url(part)) for part in parts[:2])
        signature = read_base64url(parts[2])
    except ValueError as error:
        raise TokenRefused(f"it is malformed: {error}") from error
    _check_signature(header, keys, signature, f"{parts[0]}.{parts[1]}".encode("ascii"))
    _check_parties(payload, expected)
    _check_times(payload, expected.now)
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not _same(nonce, expected.nonce):
        raise OfAnotherLogin("its nonce is another")
    return payload


def _check_signature(
    header: Mapping[str, Any], keys: tuple[PublicKey, ...], signature: bytes, text: bytes
) -> None:
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused(f"its algorithm is none of {', '.join(ALGORITHMS)}")
    if "crit" in header:
        raise TokenRefused("its header has extensions that must be understood")
    if not isinstance(kind, str) or kind.upper() not in ("JWT", "APPLICATION/JWT"):
        raise TokenRefused("its type is another than JWT")
    if not isinstance(key_id, str | None):
        raise TokenRefused("its key's name is no text")
    able = fitting(keys, algorithm, key_id)
    if not able:
        raise KeyUnknown("its key is none of the provider's")
    if not any(is_signed(key, algorithm, signature, text) for key in able):
        raise TokenRefused("its signature is wrong")


def _check_parties(payload: Mapping[str, Any], expected: Expected) -> None:
    if payload.get("iss") != expected.issuer:
        raise TokenRefused("its issuer is another")
    audience, party = payload.get("aud"), payload.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise TokenRefused("its audience is another")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise TokenRefused("its authorized party is another")
    subject = payload.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise TokenRefused("its subject is missing")


def _check_times(payload: Mapping[str, Any], now: float) -> None:
    expires, issued = _number(payload, "exp"), _number(payload, "iat")
    if expires is None or issued is None:
        raise TokenRefused("its exp or iat is no time")
    if now >= expires + LEEWAY_S:
        raise TokenRefused("it has expired")
    if issued > now + LEEWAY_S:
        raise TokenRefused("it is from the future")
    begins = _number(payload, "nbf")
    if "nbf" in payload and (begins is None or begins > now + LEEWAY_S):
        raise TokenRefused("it is not valid yet")


def _number(payload: Mapping[str, Any], name: str) -> float | None:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
