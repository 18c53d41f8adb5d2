"""The movable timer, in a loop whose clock the test turns."""

import asyncio
from collections.abc import Callable
from typing import Any

from headgate.server.alarm import LAST_LOOK_S, Alarm


class Timer:
    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """As much of an event loop as a timer needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(at, callback)
        self.timers.append(timer)
        return timer

    def turn_to(self, now: float) -> None:
        while due := [t for t in self.timers if not t.cancelled and t.at <= now]:
            timer = min(due, key=lambda t: t.at)
            self.timers.remove(timer)
            self.now = timer.at
            timer.callback()
        self.now = now


def alarm_in(loop: Any, rung: list[float]) -> Alarm:
    as_loop: asyncio.AbstractEventLoop = loop
    return Alarm(as_loop, lambda: rung.append(loop.now))


def test_it_rings_once_when_its_time_has_come() -> None:
    loop, rung = Loop(), list[float]()
    alarm_in(loop, rung).set_in(10)
    loop.turn_to(9.9)
    assert rung == []
    loop.turn_to(100)
    assert rung == [10 + LAST_LOOK_S]


def test_a_later_time_needs_no_new_timer() -> None:
    loop, rung = Loop(), list[float]()
    alarm = alarm_in(loop, rung)
    for now in range(9):
        loop.turn_to(now)
        alarm.set_in(10)
    assert len(loop.timers) == 1
    loop.turn_to(100)
    assert rung == [18 + LAST_LOOK_S]


def test_an_earlier_time_is_kept() -> None:
    loop, rung = Loop(), list[float]()
    alarm = alarm_in(loop, rung)
    alarm.set_in(75)
    alarm.set_in(10)
    loop.turn_to(100)
    assert rung == [10 + LAST_LOOK_S]


def test_off_means_silence_until_it_is_set_again() -> None:
    loop, rung = Loop(), list[float]()
    alarm = alarm_in(loop, rung)
    alarm.set_in(10)
    alarm.off()
    loop.turn_to(20)
    assert rung == []
    alarm.set_in(10)
    loop.turn_to(100)
    assert rung == [30 + LAST_LOOK_S]


def test_a_cancelled_one_leaves_no_timer_behind() -> None:
    loop, rung = Loop(), list[float]()
    alarm = alarm_in(loop, rung)
    alarm.set_in(10)
    alarm.cancel()
    assert all(timer.cancelled for timer in loop.timers)
    loop.turn_to(100)
    assert rung == []


def test_what_arrived_while_the_loop_was_busy_is_read_first() -> None:
    loop, rung = Loop(), list[float]()
    alarm = alarm_in(loop, rung)
    alarm.set_in(10)
    loop.turn_to(10)
    alarm.set_in(10)  # what the sockets had to say, in the same turn
    loop.turn_to(19)
    assert rung == []
    loop.turn_to(100)
    assert rung == [20 + LAST_LOOK_S]
