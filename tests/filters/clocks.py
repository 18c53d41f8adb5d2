"""Clocks that stand until a test moves them."""

from datetime import UTC, datetime


class Clocks:
    """A monotonic clock and Unix time, together."""

    def __init__(self, wall: datetime = datetime(2026, 12, 5, 12, tzinfo=UTC)) -> None:
        self.now = 1000.0
        self._offset = wall.timestamp() - self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self._offset
