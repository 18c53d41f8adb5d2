"""How many requests without a valid key are worth a row each: some of a flood, and a count."""

import logging

BURST = 200
A_SECOND = 5.0
SAID_EVERY_S = 60.0

_LOG = logging.getLogger(__name__)


class Strangers:
    """A bucket of rows for those whose key nobody has; times are monotonic, in seconds.

    Ten thousand junk keys a second must not fill the books, nor the log: what has no row is
    counted and said once in a while.
    """

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = 0.0
        self._unnoted = 0
        self._said_at: float | None = None

    def has_room(self, now: float) -> bool:
        """Whether a request that ends at `now` would have one."""
        return self._left + (now - self._at) * A_SECOND >= 1

    def is_worth_a_row(self, now: float) -> bool:
        """Whether a request that ended at `now` is to have one."""
        self._left = min(BURST, self._left + (now - self._at) * A_SECOND)
        self._at = now
        if self._said_at is None:
            self._said_at = now
        if self._unnoted and now - self._said_at >= SAID_EVERY_S:
            _LOG.warning("%d requests without a valid key have no row", self._unnoted)
            self._unnoted, self._said_at = 0, now
        if self._left < 1:
            self._unnoted += 1
            return False
        self._left -= 1
        return True
