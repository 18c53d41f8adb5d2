"""Whether there is another attempt, and when: one retry layer, with a budget.

Before the first event only; after it there is none. Back-off is full jitter. The budget keeps a
failing backend from being asked more than 1.2 times as often as callers ask (a floor lets the
few retries of a quiet gateway through).
"""

from collections import deque
from typing import Literal

import msgspec

from headgate.model.fault import Fault
from headgate.routing.target import Condition, Route, Target

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 4.0
BUDGET_WINDOW_S = 10.0
BUDGET_SHARE = 0.2
BUDGET_FLOOR = 30

Sent = Literal["nothing", "request", "headers"]
"""How far the failed attempt came; where nothing was sent a repeat is always safe."""


class Failure(msgspec.Struct, frozen=True):
    """Why an attempt brought no first event. ``condition`` None: no other attempt may help."""

    fault: Fault
    condition: Condition | None
    sent: Sent = "headers"


class NextTry(msgspec.Struct, frozen=True):
    """The attempt to make: at `target`, after `pause_s` (0 for another target)."""

    target: Target
    pause_s: float


class Budget:
    """Counts requests and retries of the last ten seconds."""

    def __init__(self) -> None:
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def note_request(self, now: float) -> None:
        """A caller's request came."""
        self._requests.append(now)
        _forget(self._requests, now)

    def take(self, now: float) -> bool:
        """Whether one more attempt is within the budget; if so it counts."""
        _forget(self._requests, now)
        _forget(self._retries, now)
        if len(self._retries) >= BUDGET_FLOOR + BUDGET_SHARE * len(self._requests):
            return False
        self._retries.append(now)
        return True


def _forget(times: deque[float], now: float) -> None:
    while times and times[0] < now - BUDGET_WINDOW_S:
        times.popleft()


def pause_s(repeat: int, chance: float) -> float:
    """How long to wait before the `repeat`-th repeat (from 1) at one target: full jitter."""
    return chance * float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (repeat - 1)))


def next_try(
    route: Route, ordered: tuple[Target, ...], tried: list[Target], failure: Failure, chance: float
) -> NextTry | None:
    """What to do after `failure` of the last of `tried`; None: tell the caller.

    Targets not yet tried come first and at once. A target that was tried is asked again only for
    a passing failure, after a pause; for a route that nobody declared only where nothing was sent.
    """
    if failure.condition is None or failure.condition not in route.fallback_on:
        return None
    if len(tried) > route.retries:
        return None
    fresh = next((target for target in ordered if target not in tried), None)
    if fresh is not None:
        return NextTry(fresh, 0.0)
    if not _may_repeat(route, failure):
        return None
    repeat = len(tried) - len(ordered) + 1
    return NextTry(ordered[len(tried) % len(ordered)], pause_s(max(repeat, 1), chance))


def _may_repeat(route: Route, failure: Failure) -> bool:
    if failure.sent == "nothing":
        return True
    if failure.fault.kind == "upstream_auth":
        return False
    return route.declared and failure.condition in ("connect", "5xx")
