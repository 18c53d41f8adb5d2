"""What is kept of a key: its digest, never the key."""

import hashlib
import hmac


def digest(key: str, pepper: bytes = b"") -> bytes:
    """HMAC-SHA-256 of `key`, 32 bytes. Keys are long and random, so nothing slower is needed; the
    `pepper` stands outside the database, so that its digests alone let nobody test guesses."""
    return hmac.digest(pepper, key.encode("utf-8", "surrogateescape"), hashlib.sha256)
