"""The text of API keys: ``hg-<id>-<secret><crc>``, and what a key of one's own must be like.

The secret is 256 random bits in base62 (43 characters); the CRC-32 of all before it (6 characters)
lets junk be refused without looking anything up, and lets a scanner know a leaked key offline.
"""

import re
import zlib

import msgspec
from typing_extensions import override

PREFIX = "hg-"
RANDOM_BYTES = 40
SHORTEST = 16
"""Characters of a key of one's own. A key should be worth 112 bits (OWASP ASVS 6.5.2), which is
seven a character; how a text was made cannot be seen, so its length decides."""

_FEWEST_DISTINCT = 6
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_BYTES = 8
_SECRET_SIGNS = 43
_CRC_SIGNS = 6
_FORM = re.compile(rf"hg-([0-9a-f]{{16}})-[0-9A-Za-z]{{{_SECRET_SIGNS + _CRC_SIGNS}}}", re.ASCII)


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made: ``text`` is shown once and kept nowhere."""

    id: str
    text: str

    @override
    def __repr__(self) -> str:
        return f"NewKey({self.id!r}, '***')"


def make(random: bytes) -> NewKey:
    """The key of `RANDOM_BYTES` random bytes; the first eight are its public id."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a key is made of {RANDOM_BYTES} random bytes")
    key_id = random[:_ID_BYTES].hex()
    secret = _base62(int.from_bytes(random[_ID_BYTES:], "big"), _SECRET_SIGNS)
    body = f"{PREFIX}{key_id}-{secret}"
    return NewKey(key_id, body + _crc(body))


def id_of(key: str) -> str | None:
    """The id in a key of this form; None where it has another or its check digits are wrong."""
    form = _FORM.fullmatch(key)
    if form is None or _crc(key[:-_CRC_SIGNS]) != key[-_CRC_SIGNS:]:
        return None
    return form.group(1)


def is_junk(key: str) -> bool:
    """Whether `key` claims to be of this form and is not: nobody ever had it."""
    return key.startswith(PREFIX) and id_of(key) is None


def weakness(key: str) -> str | None:
    """Why `key` cannot be a caller's key, in words that do not repeat it; None: it can."""
    if is_junk(key):
        return f"begins with {PREFIX} but its check digits are wrong; was it copied whole?"
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        return "a key is printable ASCII without spaces"
    if len(key) < SHORTEST:
        return f"is too short to be safe: a key has at least {SHORTEST} characters"
    if len(set(key)) < _FEWEST_DISTINCT:
        return "is too easy to guess: it repeats a few characters"
    return None


def hint_of(key: str) -> str:
    """What may be shown of a key: its last four characters."""
    return key[-4:]


def _crc(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CRC_SIGNS)


def _base62(number: int, width: int) -> str:
    signs = ""
    for _ in range(width):
        number, place = divmod(number, 62)
        signs = _SIGNS[place] + signs
    return signs
