"""The engines of limits: alone in a process, and as one worker of several."""

from collections.abc import Callable

from headgate.filters.limiter import MemoryLimiter
from headgate.filters.shared_limiter import SharedLimiter
from headgate.filters.shared_rows import Seat, SharedRows
from headgate.ports import Spending
from tests.filters.clocks import Clocks

Engine = Callable[[Clocks, Spending | None], MemoryLimiter]


def alone(clocks: Clocks, spending: Spending | None = None) -> MemoryLimiter:
    return MemoryLimiter(clocks.monotonic, clocks.wall, spending)


def worker_of(
    shared: SharedRows, worker: int, clocks: Clocks, spending: Spending | None = None
) -> SharedLimiter:
    """What stands in for a worker process; where one of that number was before, it is dead."""
    return SharedLimiter(clocks.monotonic, clocks.wall, spending, Seat(shared, worker))


def one_of_several(clocks: Clocks, spending: Spending | None = None) -> MemoryLimiter:
    return worker_of(SharedRows(3), 1, clocks, spending)


def without_a_row(clocks: Clocks, spending: Spending | None = None) -> MemoryLimiter:
    """A worker for which the memory is too small."""
    return worker_of(SharedRows(3, capacity=0), 1, clocks, spending)


ENGINES: dict[str, Engine] = {
    "alone": alone,
    "one of several": one_of_several,
    "without a row": without_a_row,
}
