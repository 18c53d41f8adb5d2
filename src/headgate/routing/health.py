"""How each target has been doing: load, speed, failures, and rest after them.

A target rests when its backend says for how long (a 429 or 503 with ``retry-after``), or after
five failures in a row for as long as another target of the route stays up: the last one standing
is never taken out on suspicion.
"""

from dataclasses import dataclass

from headgate.model.fault import Fault

FAILURES_TO_REST = 5
REST_S = 30.0
LONGEST_REST_S = 300.0
PENALTY_S = 5.0
"""What a failure adds to the average time to the first event, so that a backend which refuses
fast does not look fast (the feedback loop that Linkerd documents)."""

_SMOOTHING = 0.2


@dataclass(slots=True)
class Record:
    """One target's running figures. Times are in seconds of the caller's monotonic clock."""

    in_flight: int = 0
    first_event_s: float = 0.0
    failures: int = 0
    ordered_rest_until: float = 0.0
    suspected_until: float = 0.0

    def started(self) -> None:
        """An attempt at the target is running."""
        self.in_flight += 1

    def ended(self) -> None:
        """The attempt is over, however it ended."""
        self.in_flight -= 1

    def succeeded(self, first_event_s: float) -> None:
        """The target answered; `first_event_s` after it was asked."""
        self.failures = 0
        self.suspected_until = 0.0
        self._average(first_event_s)

    def failed(self, fault: Fault, now: float) -> None:
        """The target failed, by its own fault and not the caller's."""
        self.failures += 1
        self._average(PENALTY_S)
        if fault.retry_after_s is not None:
            rest = min(max(fault.retry_after_s, 0.0), LONGEST_REST_S)
            self.ordered_rest_until = max(self.ordered_rest_until, now + rest)
        if self.failures >= FAILURES_TO_REST:
            self.suspected_until = now + REST_S

    def _average(self, sample_s: float) -> None:
        if self.first_event_s == 0.0:
            self.first_event_s = sample_s
        else:
            self.first_event_s += _SMOOTHING * (sample_s - self.first_event_s)


class Health:
    """The records of all targets, by `headgate.routing.target.Target.key`."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._turns: dict[str, dict[str, float]] = {}

    def of(self, key: str) -> Record:
        """The record of a target, made at its first use."""
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Record()
        return record

    def turns(self, route: str) -> dict[str, float]:
        """The credit of each target of `route` in its round robin."""
        return self._turns.setdefault(route, {})

    def rests_until(self, key: str) -> float:
        """When the target may be asked again by its backend's own word; 0: now."""
        return self.of(key).ordered_rest_until

    def is_suspected(self, key: str, now: float) -> bool:
        """Whether the target failed so often that others go first."""
        return self.of(key).suspected_until > now
