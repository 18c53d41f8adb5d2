"""Passwords of administrators: Argon2id, off the event loop, few at once.

Each takes memory on purpose (RFC 9106), so that what bounds an attacker would exhaust us too: at
most `at_once` run at a time and `most_waiting` wait.
"""

import asyncio
import base64
import os
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

SHORTEST = 12
LONGEST = 1000
"""Characters."""

T = TypeVar("T")

_SALT_BYTES = 16
_HASH_BYTES = 32
_MOST_MEMORY_KIB = 1024 * 1024
_FORM = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})(?:\$[A-Za-z0-9+/]{11,128}){2}"
)


class Cost(msgspec.Struct, frozen=True):
    """What one hash takes. The default is the least that OWASP's password storage cheat sheet
    asks of Argon2id."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


class PasswordsBusy(Exception):  # noqa: N818 - named for the fact
    """Too many passwords are being checked at this moment."""


class Passwords:
    """Makes and checks hashes in PHC string form."""

    def __init__(
        self,
        cost: Cost = Cost(),  # noqa: B008 - frozen
        *,
        at_once: int = 2,
        most_waiting: int = 16,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._cost = cost
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._most = at_once + most_waiting
        self._running = 0
        self._random = random

    async def hash(self, password: str) -> str:
        """What is kept of `password`. Raises PasswordsBusy."""
        salt = self._random(_SALT_BYTES)
        return await self._off_loop(lambda: _hash(password, salt, self._cost))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether `kept` was made of `password`. Where nothing is kept it takes as long, so that
        the time tells nobody which names exist. Raises PasswordsBusy."""
        against = kept or nobodys(self._cost)
        return await self._off_loop(lambda: _matches(password, against)) and kept is not None

    def is_weaker(self, kept: str) -> bool:
        """Whether a new hash would be harder to guess than `kept`."""
        found = _cost_of(kept)
        wanted = self._cost
        return (
            found is None
            or found.memory_kib < wanted.memory_kib
            or found.passes < wanted.passes
            or found.lanes < wanted.lanes
        )

    async def _off_loop(self, work: Callable[[], T]) -> T:
        if self._running >= self._most:
            raise PasswordsBusy
        self._running += 1
        # Counted until the thread is done, also where the one who waits for it is cancelled.
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, _: object) -> None:
        self._running -= 1


def nobodys(cost: Cost) -> str:
    """A hash that no password has."""
    empty = _base64(bytes(_SALT_BYTES)), _base64(bytes(_HASH_BYTES))
    numbers = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
    return f"$argon2id$v=19${numbers}${empty[0]}${empty[1]}"


def _hash(password: str, salt: bytes, cost: Cost) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import (  # noqa: PLC0415 - 5 MB, for few
        Argon2id,
    )

    made = Argon2id(
        salt=salt,
        length=_HASH_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return made.derive_phc_encoded(_bytes(password))


def _matches(password: str, kept: str) -> bool:
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.argon2 import (  # noqa: PLC0415 - as above
        Argon2id,
    )

    if _cost_of(kept) is None:
        return False
    try:
        Argon2id.verify_phc_encoded(_bytes(password), kept)
    except (InvalidKey, ValueError):
        return False
    return True


def _cost_of(kept: str) -> Cost | None:
    """What a kept hash takes; None where it is none that can be checked here."""
    form = _FORM.fullmatch(kept)
    if form is None:
        return None
    cost = Cost(*map(int, form.groups()))
    return cost if cost.memory_kib <= _MOST_MEMORY_KIB else None


def _bytes(password: str) -> bytes:
    """The same bytes however a keyboard composes its letters (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()
