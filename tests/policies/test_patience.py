"""Python that never comes back is interrupted, and nothing else is."""

import asyncio
import re
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.policies.patience import Endless, Steps, bounded

SHORT_S = 0.02


def loop() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(600)


def search() -> None:
    """In the engine of regexes, which looks up now and then."""
    re.search("(a|a)*c", "a" * 64 + "b")


@pytest.fixture(autouse=True)
def _others() -> Iterator[None]:
    """A test's own time limit uses the same alarm."""
    before = signal.getitimer(signal.ITIMER_REAL)
    yield
    after = signal.getitimer(signal.ITIMER_REAL)
    assert bool(before[0]) == bool(after[0])


@pytest.mark.parametrize("endless", [loop, sleep, search])
def test_what_never_comes_back_is_interrupted(endless: Any) -> None:
    with pytest.raises(Endless):
        bounded(SHORT_S, endless)


def test_what_comes_back_is_given() -> None:
    assert bounded(60.0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        bounded(60.0, divmod, 7, 0)


def test_an_alarm_of_somebody_else_rings_in_its_time() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    timer = signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        assert bounded(60.0, int) == 0
        deadline = time.monotonic() + 5
        while not rung and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)
    assert rung == [signal.SIGALRM]


def test_an_alarm_that_rings_before_or_behind_the_work_is_not_somebody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[int] = []
    set_timer = signal.setitimer

    def ringing(which: int, seconds: float, every: float = 0.0) -> tuple[float, float]:
        told = set_timer(which, seconds, every)
        if seconds in (0.0, 59.0):
            signal.raise_signal(signal.SIGALRM)
        return told

    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        with monkeypatch.context() as patched:
            patched.setattr(signal, "setitimer", ringing)
            assert bounded(59.0, int) == 0
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung == []


def test_in_another_thread_nothing_is_bounded() -> None:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(bounded(SHORT_S, _slow)))
    thread.start()
    thread.join()
    assert found == [1]


def _slow() -> int:
    time.sleep(SHORT_S * 3)
    return 1


async def test_an_async_hook_may_wait_but_no_step_may_last() -> None:
    step_s = 0.3

    async def waits() -> int:
        await asyncio.sleep(step_s * 2)
        return 1

    async def loops() -> None:
        await asyncio.sleep(0)
        loop()

    assert await Steps(step_s, waits()) == 1
    with pytest.raises(Endless):
        await Steps(step_s, loops())


async def test_a_cancellation_reaches_the_hook() -> None:
    seen: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def work() -> None:
        await Steps(60.0, waits())

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]
