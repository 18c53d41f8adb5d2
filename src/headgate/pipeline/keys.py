"""What is kept of a key: its digest, never the key."""

import hashlib


def digest(key: str) -> bytes:
    """SHA-256 of `key`, 32 bytes: enough for keys, which are long and random."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
