"""Slows down whoever guesses tokens: five failures in a quarter of an hour, then a wait."""

from collections import OrderedDict

MOST_FAILURES = 5
WINDOW_S = 15 * 60.0


class Throttle:
    """Counts failures by source, of the `most_kept` that failed last. Times in seconds."""

    def __init__(self, most_kept: int = 10_000) -> None:
        self._most_kept = most_kept
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, source: str, now: float) -> float:
        """How long `source` must wait before its next try; 0: not at all."""
        recent = [at for at in self._failures.get(source, ()) if at > now - WINDOW_S]
        if len(recent) < MOST_FAILURES:
            return 0.0
        return recent[0] + WINDOW_S - now

    def failed(self, source: str, now: float) -> None:
        """Notes a failure of `source`."""
        recent = [at for at in self._failures.pop(source, ()) if at > now - WINDOW_S]
        self._failures[source] = [*recent, now][-MOST_FAILURES:]
        while len(self._failures) > self._most_kept:
            self._failures.popitem(last=False)

    def succeeded(self, source: str) -> None:
        """Forgets the failures of `source`."""
        self._failures.pop(source, None)
