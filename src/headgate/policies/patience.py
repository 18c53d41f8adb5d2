"""Bounds the time of Python that waits for nobody: a hook that loops for ever, or sleeps.

An alarm of the operating system interrupts it, between two steps of the interpreter or in a system
call. Only the main thread can be interrupted, where an event loop of ours always runs; elsewhere,
and on systems without such alarms, there is no bound.
"""

import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from types import FrameType
from typing import Any, Generic, TypeVar

from typing_extensions import override

T = TypeVar("T")


class Endless(BaseException):  # no Exception, so that a loop which catches all of them ends too
    """The time was up."""


class _Alarm:
    """The one alarm of the process. Others' alarms (a test's time limit) go on beside it."""

    def __init__(self) -> None:
        self._armed = False
        self._ours = False
        self._others: Any = None

    def call(self, seconds: float, hook: Callable[..., T], *args: Any) -> T:
        """What `hook` gives. Raises Endless in its midst after `seconds`, again and again."""
        if threading.current_thread() is not threading.main_thread():
            return hook(*args)
        if signal.getsignal(signal.SIGALRM) is not _ring:
            self._others = signal.signal(signal.SIGALRM, _ring)
        self._ours = True
        before, every = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
        self._armed = True
        try:
            return hook(*args)
        finally:
            # A signal that came this late finds nothing armed, and is not taken for another's.
            self._armed = False
            left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
            self._ours = False
            if before:
                passed = seconds - left
                signal.setitimer(signal.ITIMER_REAL, max(before - passed, 0.001), every)

    def ring(self, number: int, frame: FrameType | None) -> None:
        """The signal has come: ours, or somebody else's."""
        if self._armed:
            raise Endless
        if not self._ours and callable(self._others):
            self._others(number, frame)


_ALARM = _Alarm()
_HAS_ALARMS = hasattr(signal, "setitimer")


def _ring(number: int, frame: FrameType | None) -> None:
    _ALARM.ring(number, frame)


def bounded(seconds: float, hook: Callable[..., T], *args: Any) -> T:
    """What `hook` gives. Raises Endless in its midst once it has taken `seconds`."""
    return _ALARM.call(seconds, hook, *args) if _HAS_ALARMS else hook(*args)


class Steps(Generic[T]):
    """Waits for what an ``async`` hook gives, each of its steps `bounded`; what it waits for in
    between takes what it takes."""

    def __init__(self, seconds: float, waited: Awaitable[T]) -> None:
        self._seconds = seconds
        self._waited = waited

    def __await__(self) -> Generator[Any, Any, T]:
        """One step after another."""
        return _Steps(self._seconds, self._waited.__await__())


class _Steps(Generator[Any, Any, Any]):
    """The steps of a coroutine: how an event loop goes on with it, or throws into it."""

    def __init__(self, seconds: float, steps: Generator[Any, Any, Any]) -> None:
        self._seconds = seconds
        self._steps = steps

    @override
    def send(self, value: Any) -> Any:
        return bounded(self._seconds, self._steps.send, value)

    @override
    def throw(self, *error: Any) -> Any:
        return bounded(self._seconds, self._steps.throw, *error)

    @override
    def close(self) -> None:
        bounded(self._seconds, self._steps.close)
