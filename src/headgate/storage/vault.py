"""Seals secrets for the database: an envelope of AES-256-GCM that opens in its own place only.

::

    envelope = version (1) key id (4) nonce (12) wrapped data key (48) nonce (12) ciphertext + tag

Each secret has a data key of its own, wrapped by the secret key; both layers are bound to the
table, the row and the column (NIST SP 800-38D's additional data), so that an envelope moved to
another row does not open. A new secret key means wrapping anew, never asking for secrets again.
"""

import os
from collections.abc import Callable, Sequence

import msgspec

from headgate.model.store_faults import SecretLost
from headgate.storage.secret_key import SecretKey

_VERSION = b"\x01"
_ID = slice(1, 5)
_WRAP_NONCE = slice(5, 17)
_WRAPPED = slice(17, 65)
_NONCE = slice(65, 77)
_TEXT = slice(77, None)
_SHORTEST = 77 + 16


class Place(msgspec.Struct, frozen=True):
    """Where a secret stands."""

    table: str
    row_id: str
    column: str

    @property
    def bound(self) -> bytes:
        """What an envelope is bound to."""
        return msgspec.json.encode([self.table, self.row_id, self.column])


class Vault:
    """Seals with the first of `keys`, opens with any. `random` gives so many random bytes."""

    def __init__(
        self, keys: Sequence[SecretKey], random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._keys = tuple(keys)
        self._random = random

    def seal(self, secret: str, place: Place) -> bytes:
        """The envelope of `secret`."""
        key = self._keys[0]
        data_key = self._random(32)
        wrap_nonce, nonce = self._random(12), self._random(12)
        head = _VERSION + key.id
        wrapped = _encrypt(key.seal, wrap_nonce, data_key, head + place.bound)
        text = _encrypt(data_key, nonce, secret.encode("utf-8", "surrogatepass"), place.bound)
        return head + wrap_nonce + wrapped + nonce + text

    def open(self, envelope: bytes, place: Place) -> str:
        """The secret in `envelope`. Raises SecretLost."""
        return self._open(envelope, place).decode("utf-8", "surrogatepass")

    def renew(self, envelope: bytes, place: Place) -> bytes | None:
        """The envelope under the first key; None where it is already. Raises SecretLost."""
        if envelope[_ID] == self._keys[0].id:
            return None
        return self.seal(self.open(envelope, place), place)

    def _open(self, envelope: bytes, place: Place) -> bytes:
        if len(envelope) < _SHORTEST or envelope[:1] != _VERSION:
            raise SecretLost("it is damaged")
        key = next((key for key in self._keys if key.id == envelope[_ID]), None)
        if key is None:
            raise SecretLost("it was sealed with another HEADGATE_SECRET_KEY")
        head = envelope[:5] + place.bound
        data_key = _decrypt(key.seal, envelope[_WRAP_NONCE], envelope[_WRAPPED], head)
        return _decrypt(data_key, envelope[_NONCE], envelope[_TEXT], place.bound)


def _encrypt(key: bytes, nonce: bytes, text: bytes, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - 5 MB, for few
        AESGCM,
    )

    return AESGCM(key).encrypt(nonce, text, bound)


def _decrypt(key: bytes, nonce: bytes, text: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - as above
        AESGCM,
    )

    try:
        return AESGCM(key).decrypt(nonce, text, bound)
    except InvalidTag as error:
        raise SecretLost("it is damaged or belongs to another row") from error
