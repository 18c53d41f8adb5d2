"""A service that keeps failing is not asked for a while."""


class Breaker:
    """Opens after `failures` in a row and lets one call try again after `rest_s`. Times are
    seconds of one clock."""

    def __init__(self, failures: int, rest_s: float) -> None:
        self._most = failures
        self._rest_s = rest_s
        self._failed = 0
        self._closed_again_at = 0.0

    def lets(self, now: float) -> bool:
        """Whether the service may be asked."""
        if self._failed < self._most:
            return True
        if now < self._closed_again_at:
            return False
        # This call is the trial; others wait until it is known how it went.
        self._closed_again_at = now + self._rest_s
        return True

    def succeeded(self) -> None:
        """The service answered as it should."""
        self._failed = 0

    def failed(self, now: float) -> None:
        """The service did not answer, or not as it should."""
        self._failed += 1
        if self._failed >= self._most:
            self._closed_again_at = now + self._rest_s
