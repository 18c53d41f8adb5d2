"""Ids for tool calls, which Gemini mostly leaves out: always the same for the same stream."""

import hashlib
import re

from headgate.model.fault import StreamBroken

MOST_CALLS = 4096
"""Calls of one reply; more are no reply but an attack on memory."""

_LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class CallIds:
    """Gives each call an id that every dialect takes and no other call of the reply has."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._seed = ""

    def seed(self, identity: bytes) -> None:
        """`identity` is what tells this reply from others: its id, else its first words."""
        if not self._seed:
            self._seed = hashlib.blake2s(identity, digest_size=8).hexdigest()

    def take(self, native: str) -> str:
        """The vendor's own id where it is legal and new, else one made from the seed."""
        if len(self._used) >= MOST_CALLS:
            raise StreamBroken(f"the reply calls more than {MOST_CALLS} tools")
        id_ = native
        if id_ in self._used or not _LEGAL.match(id_):
            id_ = f"call_{self._seed}_{len(self._used)}"
        self._used.add(id_)
        return id_
