"""The secret key that stands outside the database: from the environment, or a file made once.

Four keys are derived from it (HKDF, RFC 5869): the pepper of API keys' digests, and those that seal
backends' secrets, the end of the audit log, and the cookies of logins. Several, ``NEW,OLD``: the
first makes, all of them read.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec
from typing_extensions import override

FILE = "secret-key"
SHORTEST = 16


class WeakSecretKey(Exception):  # noqa: N818 - named for the fact
    """The secret key given is too short; the message is one sentence for the operator."""


class SecretKey(msgspec.Struct, frozen=True):
    """What is derived from one secret key. ``id`` tells it from others and tells nothing of it."""

    id: bytes
    pepper: bytes
    seal: bytes
    audit: bytes
    login: bytes

    @override
    def __repr__(self) -> str:
        return f"SecretKey({self.id.hex()!r}, '***')"


def secret_keys(data: Path, given: str | None) -> tuple[SecretKey, ...]:
    """The keys in `given` (``HEADGATE_SECRET_KEY``), else that of the file in `data`, which is
    made where there is none. Raises WeakSecretKey and OSError."""
    if not given:
        return (derive(_kept(data / FILE)),)
    texts = [text.strip() for text in given.split(",")]
    if any(len(text) < SHORTEST for text in texts):
        raise WeakSecretKey(
            f"HEADGATE_SECRET_KEY has fewer than {SHORTEST} characters; make one with: "
            "openssl rand -base64 32"
        )
    return tuple(derive(text.encode("utf-8", "surrogateescape")) for text in texts)


def derive(secret: bytes) -> SecretKey:
    """The keys that `secret` stands for."""
    extracted = hmac.digest(b"headgate secret key", secret, hashlib.sha256)
    return SecretKey(
        id=_expand(extracted, b"id")[:4],
        pepper=_expand(extracted, b"pepper of API keys"),
        seal=_expand(extracted, b"seal of secrets"),
        audit=_expand(extracted, b"seal of the audit log"),
        login=_expand(extracted, b"cookies of logins"),
    )


def _expand(extracted: bytes, purpose: bytes) -> bytes:
    """One block of HKDF's output, which is all that 32 bytes need."""
    return hmac.digest(extracted, purpose + b"\x01", hashlib.sha256)


def _kept(path: Path) -> bytes:
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    _make(path)
    return _read(path)


def _read(path: Path) -> bytes:
    text = path.read_text("ascii", errors="replace").strip()
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise OSError(f"{path} is damaged; without it the API keys in the database are lost")
    return secret


def _make(path: Path) -> None:
    """Puts a whole file there at once, or leaves the one that another process was first with."""
    whole = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    file = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, f"{secrets.token_hex(32)}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(whole, path)
    except FileExistsError:
        pass
    finally:
        whole.unlink()
