"""Worker processes that ask for the same account at the same moment, for tests of what they share:
``python -m tests.filters.racing <scene>``. The last line of standard output is what came of it.
"""

import asyncio
import functools
import json
import mmap
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from headgate.filters import shared_rows
from headgate.filters.shared_limiter import SharedLimiter
from headgate.filters.shared_rows import SINCE, Seat, SharedRows
from headgate.model.limits import Account, Claim, Exceeded, Limits, Subject

WORKERS = 4
LIMIT = 2000
CONCURRENT = 2
COST_USD = 0.125
LONGEST_S = 120
USER: Subject = ("user", "alice")
CLAIM = Claim(
    accounts=(
        Account(USER, Limits(requests_per_day=LIMIT, concurrent=CONCURRENT, budget_usd=1e6)),
        Account(("key", "hers"), Limits(tokens_per_day=10 * LIMIT)),
    ),
    tokens=10,
)


def race() -> dict[str, Any]:
    """All ask until the day's limit is reached; each notes how many run while it does."""
    shared_rows.TURNS_S = (0.0, *(0.001,) * 60_000)  # none is distrusted, however busy all is
    shared, noted = SharedRows(WORKERS), _numbers(3 * WORKERS)
    (start, begin), (ready, tell) = os.pipe(), os.pipe()

    async def work(worker: int) -> None:
        limiter = _limiter(shared, worker)
        os.write(tell, b".")
        os.read(start, 1)
        while True:
            answer = await limiter.reserve(CLAIM)
            if isinstance(answer, Exceeded):
                if "a day" in answer.limit:
                    return
                continue
            noted[worker] = 1
            noted[WORKERS + worker] += 1
            noted[2 * WORKERS + worker] = max(noted[2 * WORKERS + worker], sum(noted[:WORKERS]))
            os.sched_yield()
            noted[worker] = 0
            assert limiter.hold(answer, COST_USD) is None
            limiter.settle(answer, 10, COST_USD)

    children = [_forked(functools.partial(work, number)) for number in range(WORKERS)]
    for _ in children:
        os.read(ready, 1)
    os.write(begin, b"." * WORKERS)
    ends = [os.waitpid(child, 0)[1] for child in children]
    row = Seat(shared, 0).row(USER)
    assert row is not None
    return {
        "ends": ends,
        "admitted": sum(noted[WORKERS : 2 * WORKERS]),
        "crowd": max(noted[2 * WORKERS :]),
        "spent": row.budget[SINCE],
        "left": [*row.running, *row.held],
    }


def dead() -> dict[str, Any]:
    """One is killed in the midst of counting."""
    shared, child = _one_in_the_midst()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return {"answer": _asked(shared)}


def stopped() -> dict[str, Any]:
    """One is stopped in the midst of counting."""
    shared_rows.TURNS_S = (0.0, 0.001)
    shared, child = _one_in_the_midst()
    try:
        return {"answers": [_asked(shared) for _ in range(3)]}
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _one_in_the_midst() -> tuple[SharedRows, int]:
    shared = SharedRows(WORKERS)
    held, tell = os.pipe()

    async def hang() -> None:
        seat = Seat(shared, 0)
        with seat.locked(seat.rows([USER])):
            os.write(tell, b".")
            signal.pause()

    child = _forked(hang)
    os.read(held, 1)
    return shared, child


def _asked(shared: SharedRows) -> str:
    return type(asyncio.run(_limiter(shared, 1).reserve(CLAIM))).__name__


def _limiter(shared: SharedRows, worker: int) -> SharedLimiter:
    # Clocks that stand give nothing back.
    return SharedLimiter(lambda: 1000.0, lambda: 1000.0, None, Seat(shared, worker))


def _numbers(count: int) -> "memoryview[float]":
    return memoryview(mmap.mmap(-1, 8 * count)).cast("d")


def _forked(work: Callable[[], Coroutine[None, None, None]]) -> int:
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_S)  # nobody is there to end it where its parent was killed
        with suppress(BaseException):
            asyncio.run(work())
            os._exit(0)
        os._exit(1)
    return child


SCENES = {scene.__name__: scene for scene in (race, dead, stopped)}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENES[sys.argv[1]]()))
