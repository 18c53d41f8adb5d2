"""When keys were last used: noted in memory at a request, coarsely, and written down later."""

from collections.abc import Mapping

COARSE_S = 300.0
"""A use so soon after one that was noted is not noted."""


class KeyUses:
    """The uses of one worker that are not written down yet. Times are Unix seconds."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}
        self._pending: dict[str, float] = {}

    def note(self, key_id: str, at: float) -> None:
        """The key with that id is used; "" is a key that nothing is kept of."""
        if key_id and at - self._noted.get(key_id, 0.0) >= COARSE_S:
            self._noted[key_id] = self._pending[key_id] = at

    def take(self) -> Mapping[str, float]:
        """What is to be written down, handed out once."""
        taken, self._pending = self._pending, {}
        return taken

    def give_back(self, taken: Mapping[str, float]) -> None:
        """It could not be written down; what was noted since counts more."""
        self._pending = {**taken, **self._pending}
