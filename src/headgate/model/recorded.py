"""One exchange as it was recorded: what was asked of backends, what came and when, what was said.

Each record but `Recorded` and `RecordedAttempt` is one line of a ``.stream`` file, see
`headgate.wire.stream_file`. Times with ``_us`` are microseconds since the attempt's request left.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from headgate.model.outcome import Outcome

Headers = tuple[tuple[str, str], ...]
Ending = Literal["clean", "broken", "stopped", "unanswered"]
"""How an answer ended: as its framing wants, in the middle, because the gateway read no further
(see the outcome), or before it began."""
Gear = Literal["relayed", "translated"]


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", omit_defaults=True):
    """One record of a file."""


class ExchangeLine(Line, frozen=True, kw_only=True, tag="exchange"):
    """What the caller asked. ``at`` is Unix time; ``request`` the caller's body where it is kept,
    ``request_bytes`` its size as it came; ``policies``: some were in force; ``continues``: it went
    on from what was said before, which is not in ``request``."""

    id: str
    at: float
    version: str
    endpoint: str
    dialect: str
    model: str
    stream: bool = False
    include_usage: bool = False
    copy_reasoning: bool = False
    policies: bool = False
    continues: bool = False
    request: str | None = None
    request_bytes: int = 0


class AttemptLine(Line, frozen=True, kw_only=True, tag="attempt"):
    """What a backend was asked; ``at`` is Unix time. ``headers`` and ``body`` as far as they are
    kept. ``seeds`` are the random letters that the reply's own ids were made of."""

    number: int
    at: float
    backend: str
    vendor: str
    dialect: str
    model: str
    gear: Gear = "relayed"
    method: str = "POST"
    url: str = ""
    headers: Headers = ()
    body: str | None = None
    seeds: tuple[str, ...] = ()


class HeadLine(Line, frozen=True, kw_only=True, tag="head"):
    """The beginning of an answer; ``headers`` as far as they are kept."""

    at_us: int
    status: int
    headers: Headers = ()


class PieceLine(Line, frozen=True, kw_only=True, tag="piece"):
    """Bytes of an answer, as they were read at once; ``base64`` where they are no text."""

    at_us: int
    text: str | None = None
    base64: bytes | None = None

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.text.encode() if self.text is not None else self.base64 or b""


class EndedLine(Line, frozen=True, kw_only=True, tag="ended"):
    """How an attempt ended. ``bytes`` and ``sha256`` are of all that came; ``kept_bytes`` and
    ``kept_sha256`` of the pieces here, which are fewer where it was ``cut``, and of which
    ``masked_bytes`` stand in for secrets. ``why``: what was wrong with the connection."""

    at_us: int
    ending: Ending
    outcome: Outcome
    bytes: int = 0
    sha256: str = ""
    kept_bytes: int = 0
    kept_sha256: str = ""
    masked_bytes: int = 0
    cut: bool = False
    why: str = ""
    sent: Literal["nothing", "headers", "request"] = "nothing"
    timed_out: bool = False


class DeliveredLine(Line, frozen=True, kw_only=True, tag="delivered"):
    """What the caller was sent, heartbeats aside: so many bytes of that digest."""

    status: int
    outcome: Outcome
    bytes: int
    sha256: str


class EndLine(Line, frozen=True, kw_only=True, tag="end"):
    """The last line: how many stand before it, and the digest of all bytes before it."""

    records: int
    sha256: str


Record = ExchangeLine | AttemptLine | HeadLine | PieceLine | EndedLine | DeliveredLine


class RecordedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt; without ``head`` no answer came, without ``ended`` the file is not whole."""

    asked: AttemptLine
    head: HeadLine | None = None
    pieces: tuple[PieceLine, ...] = ()
    ended: EndedLine | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A recording; without ``delivered`` it is not whole."""

    exchange: ExchangeLine
    attempts: tuple[RecordedAttempt, ...] = ()
    delivered: DeliveredLine | None = None

    def lines(self) -> Iterator[Record]:
        """The records in the order of a file."""
        yield self.exchange
        for attempt in self.attempts:
            yield attempt.asked
            if attempt.head is not None:
                yield attempt.head
            yield from attempt.pieces
            if attempt.ended is not None:
                yield attempt.ended
        if self.delivered is not None:
            yield self.delivered
