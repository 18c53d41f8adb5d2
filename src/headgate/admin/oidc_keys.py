"""An identity provider's public keys (RFC 7517), and the signatures that they can check.

RS256, PS256 and ES256 only. A key checks what its own type can: nothing that a token says makes an
RSA key a shared secret or takes a key from the token itself.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from headgate.admin.oidc_json import read_base64url

KeyType = Literal["RSA", "EC"]
ALGORITHMS: Mapping[str, KeyType] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""What signatures are taken, and which type of key checks them."""

_MOST_KEYS = 100
_RSA_BITS = range(2048, 8193)
_LARGEST_EXPONENT = 2**32


class PublicKey(msgspec.Struct, frozen=True):
    """One key. ``algorithm``: the only one that it is for, None: any of its type."""

    type: KeyType
    id: str | None
    algorithm: str | None
    numbers: Any
    """The library's public key."""


def read_keys(document: Mapping[str, Any]) -> tuple[PublicKey, ...]:
    """The keys of a JWK set that can check signatures here; others are passed over. Raises
    ValueError where it is no set."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ValueError("no list of keys")
    return tuple(key for one in keys[:_MOST_KEYS] if (key := _read_key(one)) is not None)


def fitting(keys: tuple[PublicKey, ...], algorithm: str, key_id: str | None) -> list[PublicKey]:
    """Those of `keys` that may have made a signature. Without a name only a single one."""
    able = [
        key
        for key in keys
        if key.type == ALGORITHMS[algorithm] and key.algorithm in (None, algorithm)
    ]
    if key_id is not None:
        return [key for key in able if key.id == key_id]
    return able if len(able) == 1 else []


def is_signed(key: PublicKey, algorithm: str, signature: bytes, text: bytes) -> bool:
    """Whether `key` made `signature` for `text`."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 5 MB, for few

    check = _check_rsa if key.type == "RSA" else _check_ec
    try:
        check(key.numbers, algorithm, signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_rsa(key: Any, algorithm: str, signature: bytes, text: bytes) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - as above

    digest = hashes.SHA256()
    scheme = (
        padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
        if algorithm == "PS256"
        else padding.PKCS1v15()
    )
    key.verify(signature, text, scheme, digest)


def _check_ec(key: Any, _algorithm: str, signature: bytes, text: bytes) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - as above

    if len(signature) != 64:
        raise ValueError("a signature of ES256 has 64 bytes")
    halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key.verify(utils.encode_dss_signature(*halves), text, ec.ECDSA(hashes.SHA256()))


def _read_key(one: Any) -> PublicKey | None:
    if not isinstance(one, dict) or not _is_for_signatures(one):
        return None
    kind, key_id, algorithm = one.get("kty"), one.get("kid"), one.get("alg")
    named = isinstance(key_id, str | None) and isinstance(algorithm, str | None)
    if kind not in ("RSA", "EC") or not named:
        return None
    try:
        numbers = _rsa(one) if kind == "RSA" else _ec(one)
    except (ValueError, TypeError, KeyError):
        return None
    return PublicKey(kind, key_id, algorithm, numbers)


def _is_for_signatures(one: Mapping[str, Any]) -> bool:
    operations = one.get("key_ops", ["verify"])
    return (
        one.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )


def _rsa(one: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - as above

    n, e = (int.from_bytes(read_base64url(one[name]), "big") for name in ("n", "e"))
    if n.bit_length() not in _RSA_BITS or e % 2 == 0 or not 2 < e < _LARGEST_EXPONENT:
        raise ValueError("a key of a size that is not taken")
    return rsa.RSAPublicNumbers(e, n).public_key()


def _ec(one: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

    x, y = (read_base64url(one[name]) for name in ("x", "y"))
    if one.get("crv") != "P-256" or len(x) != 32 or len(y) != 32:
        raise ValueError("another curve")
    point = (int.from_bytes(x, "big"), int.from_bytes(y, "big"))
    return ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
