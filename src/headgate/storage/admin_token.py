"""The administrator's token: given by the environment, else made once and kept as a digest."""

import hashlib
import secrets
from pathlib import Path

import msgspec

_FILE = "admin-token.sha256"
_DIGEST_BYTES = 32


class AdminToken(msgspec.Struct, frozen=True):
    """The digest to check against; ``new`` is the token itself where it was just made."""

    digest: bytes
    new: str | None = None


def admin_token(data: Path, given: str | None) -> AdminToken:
    """The token of the gateway whose files lie in `data`; `given` outranks the kept one."""
    if given:
        return AdminToken(token_digest(given))
    path = data / _FILE
    kept = _kept(path)
    if kept is not None:
        return AdminToken(kept)
    token = f"hga-{secrets.token_urlsafe(32)}"
    path.touch(mode=0o600)
    path.write_text(token_digest(token).hex() + "\n", "ascii")
    return AdminToken(token_digest(token), token)


def token_digest(token: str) -> bytes:
    """What is kept of the token: SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _kept(path: Path) -> bytes | None:
    try:
        digest = bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        digest = b""
    if len(digest) != _DIGEST_BYTES:
        raise OSError(f"{path} is damaged; remove it to have a new admin token made")
    return digest
