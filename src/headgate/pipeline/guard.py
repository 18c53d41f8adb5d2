"""What the trunk asks of a policy chain that is at work on one exchange.

An exchange keeps the guard it was opened with. Times are seconds of the watch's clock.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from headgate.model.events import Event
from headgate.model.fault import Fault
from headgate.model.outcome import Outcome
from headgate.model.reply import Reply
from headgate.model.request import Request

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Headers = tuple[tuple[str, str], ...]


class Effects(Protocol):
    """What policies want beside changes: headers for the backend and for the caller, tags."""

    @property
    def to_backend(self) -> list[tuple[str, str]]: ...
    @property
    def to_caller(self) -> list[tuple[str, str]]: ...
    @property
    def tags(self) -> Mapping[Any, Any]:
        """What is no text on either side was put there by somebody's Python, and counts nothing."""
        ...


class Holds(Protocol):
    """How often text was held; seconds, and characters of the largest hold. ``buckets`` are
    counts by the bounds of the histogram, not cumulative."""

    @property
    def buckets(self) -> Sequence[int]: ...
    @property
    def count(self) -> int: ...
    @property
    def total_s(self) -> float: ...
    @property
    def longest_s(self) -> float: ...
    @property
    def largest(self) -> int: ...


class Report(Protocol):
    """What one policy did. ``quiet``: nothing that would have to be told."""

    @property
    def policy(self) -> str: ...
    @property
    def monitor(self) -> bool: ...
    @property
    def refused(self) -> str | None: ...
    @property
    def changed(self) -> bool: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def late(self) -> int: ...
    @property
    def findings(self) -> Mapping[str, int]: ...
    @property
    def failures(self) -> Sequence[str]: ...
    @property
    def quiet(self) -> bool: ...


class Guard(Protocol):
    """The chain on one exchange: its request, then its reply, then its end."""

    asks_backend: bool
    """Whether `request` belongs before each attempt, because a condition asks for the backend."""

    @property
    def effects(self) -> Effects: ...
    @property
    def passed(self) -> bool:
        """Whether what `request` gave last may be sent on; False while none was shown."""
        ...

    @property
    def concealed(self) -> Mapping[str, str]:
        """What the caller alone gets back, and what stands for it wherever the answer is kept."""
        ...

    @property
    def changes_reply(self) -> bool:
        """Whether the reply must pass through here."""
        ...

    @property
    def watches_reply(self) -> bool:
        """Whether the reply's events are wanted at all."""
        ...

    @property
    def blocked(self) -> Fault | None:
        """Why the reply ends here."""
        ...

    @property
    def again(self) -> bool:
        """Whether another reply would mend the block."""
        ...

    @property
    def waiting(self) -> bool:
        """Somebody must be asked: `step`, before more bytes are read."""
        ...

    @property
    def reports(self) -> Sequence[Report]:
        """What each policy did, for the log and the metrics."""
        ...

    def turn_to(self, backend: str) -> None:
        """The backend of the attempt at hand."""
        ...

    async def request(self, request: Request) -> Request:
        """The request after every policy; itself where none changed it. Raises Refused."""
        ...

    def begin_reply(self) -> None:
        """Another reply begins, after one that failed."""
        ...

    def feed(self, event: Event, now: float) -> list[Event]:
        """The next event; those that may go on."""
        ...

    def due(self) -> float | None:
        """When `release` must be called; None: nothing is held."""
        ...

    def release(self, now: float) -> list[Event]:
        """What has been held as long as it may."""
        ...

    def flush(self, now: float) -> list[Event]:
        """The reply is over: the rest, and what `step` gives while it is `waiting`."""
        ...

    async def step(self) -> list[Event]:
        """Asks whoever must be asked."""
        ...

    async def reply(self, reply: Reply) -> Reply:
        """A whole reply after every policy. Raises Refused."""
        ...

    @property
    def reviews(self) -> bool:
        """Whether `review` has anybody to ask."""
        ...

    async def review(self) -> None:
        """After the last word: what could wait until then."""
        ...

    def end(self, outcome: Outcome) -> None:
        """The exchange is over."""
        ...


def no_guard(_exchange: object) -> Guard | None:
    """No policy is in force."""
    return None


def is_block(fault: Fault | None) -> bool:
    """Whether a policy ended it."""
    return fault is not None and fault.kind == "policy_violation" and fault.origin == "gateway"


def sendable(headers: Iterable[object]) -> Headers:
    """Those of a policy's headers that can be sent as they are."""
    return tuple(map(_pair, filter(_is_sendable, headers)))


def _is_sendable(header: object) -> bool:
    if not isinstance(header, tuple) or len(header) != 2:
        return False
    name, value = header
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return bool(_NAME.fullmatch(name)) and value.isascii() and value.isprintable()


def _pair(header: Any) -> tuple[str, str]:
    return header[0], header[1]
