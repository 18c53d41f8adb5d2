"""Whether a request carries the key, compared in constant time."""

import hashlib
import hmac
from collections.abc import Mapping

from headgate.model.fault import Fault, Refused, bad_request


def check_key(headers: Mapping[bytes, bytes], key: bytes | None) -> None:
    """Raises Refused: 401 where `key` is wanted and not given, 400 for two different ones."""
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    bearer = token.strip() if scheme.lower() == b"bearer" else b""
    plain = headers.get(b"x-api-key", b"").strip()
    if bearer and plain and not _equal(bearer, plain):
        message = "'authorization' and 'x-api-key' carry different keys. Send one of them."
        raise bad_request(message)
    if key is None:
        return
    given = bearer or plain
    if not given:
        raise _unknown(
            "Missing API key. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."
        )
    if not _equal(given, key):
        raise _unknown("Invalid API key")


def _equal(one: bytes, other: bytes) -> bool:
    """Digests are of one length, so that not even the length of a key can be timed."""
    return hmac.compare_digest(hashlib.sha256(one).digest(), hashlib.sha256(other).digest())


def _unknown(message: str) -> Refused:
    return Refused(Fault(kind="invalid_api_key", message=message))
