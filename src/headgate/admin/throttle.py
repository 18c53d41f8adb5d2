"""Slows down whoever guesses: five failures in a quarter of an hour, then a wait.

Failures are counted by the address that they come from and by the name that they are for.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from ipaddress import ip_network

from headgate.model.addresses import address_of

MOST_FAILURES = 5
WINDOW_S = 15 * 60.0


class TooHasty(Exception):  # noqa: N818 - named for the fact
    """Too many failures; the next try is in `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many failures; try again later")
        self.wait_s = wait_s


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

    def taken_back(self, source: str, at: float) -> None:
        """What was noted for `at` was no failure."""
        if at in self._failures.get(source, ()):
            self._failures[source].remove(at)

    def succeeded(self, source: str) -> None:
        """Forgets the failures of `source`."""
        self._failures.pop(source, None)


class Attempt:
    """One try to sign in; ``passed`` None: it was never decided, and counts for nothing."""

    passed: bool | None = None


class LoginThrottle:
    """Both counts. A success forgets the failures for its name, and none of its address: whoever
    has a name of their own could guess others' for ever."""

    def __init__(self) -> None:
        self._addresses = Throttle()
        self._names = Throttle()

    @contextlib.contextmanager
    def attempt(self, address: str, name: str | None, now: float) -> Iterator[Attempt]:
        """A try from `address`, for `name` where it is for one; counted as a failure until it has
        passed, so that many at once are too many. Raises TooHasty."""
        network = network_of(address)
        counts = [(self._addresses, network)]
        if name is not None:
            counts.append((self._names, name))
        wait_s = max(throttle.wait_s(source, now) for throttle, source in counts)
        if wait_s:
            raise TooHasty(wait_s)
        for throttle, source in counts:
            throttle.failed(source, now)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if attempt.passed is not False:
                for throttle, source in counts:
                    throttle.taken_back(source, now)
            if attempt.passed and name is not None:
                self._names.succeeded(name)


def network_of(address: str) -> str:
    """Who an address belongs to: itself, or for IPv6 the network of 64 bits that one gets."""
    parsed = address_of(address)
    if parsed is None:
        return address
    return str(parsed if parsed.version == 4 else ip_network((parsed, 64), strict=False))
