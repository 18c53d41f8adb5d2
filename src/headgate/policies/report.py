"""What a policy did in one exchange: for the log, and for the histogram of hold times."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

HOLD_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds; one bucket more is for what took longer."""

MOST_FINDINGS = 64


@dataclass(slots=True)
class Holds:
    """How long text was held, each time: counts by `HOLD_BUCKETS_S`, not cumulative. ``largest``:
    characters of the largest hold (of a pattern's: bytes)."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(HOLD_BUCKETS_S) + 1))
    count: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0
    largest: int = 0

    def add(self, seconds: float, size: int) -> None:
        """Notes one hold."""
        self.buckets[bisect_left(HOLD_BUCKETS_S, seconds)] += 1
        self.count += 1
        self.total_s += seconds
        self.longest_s = max(self.longest_s, seconds)
        self.largest = max(self.largest, size)


@dataclass(slots=True)
class Report:
    """One policy in one exchange. ``refused``: why it ended the exchange, or in monitor mode
    would have; ``findings`` by name; ``failures``: what went wrong in it, in words."""

    policy: str
    monitor: bool = False
    refused: str | None = None
    changed: bool = False
    holds: Holds = field(default_factory=Holds)
    late: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def note(self, finding: str) -> None:
        """Counts a finding; names are bounded, so that no policy fills the log."""
        if finding in self.findings or len(self.findings) < MOST_FINDINGS:
            self.findings[finding[:200]] += 1

    def held(self, seconds: float, size: int) -> None:
        """Notes a hold; in monitor mode nothing is really held."""
        if not self.monitor:
            self.holds.add(seconds, size)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not (
            self.refused is not None
            or self.changed
            or self.holds.count
            or self.findings
            or self.failures
        )
