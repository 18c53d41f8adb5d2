"""Takes down what comes from backends and what is said to the caller, without touching the flow.

Nothing is decided and nothing is written here: the filter that puts a tape into an exchange does
both when the exchange is over.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from functools import partial

from headgate.model.recorded import Ending
from headgate.routing.retry import Sent
from headgate.upstream.answer import (
    Answer,
    AnswerBroken,
    Call,
    PushAnswer,
    TargetUnreachable,
    Upstream,
)
from headgate.upstream.inflate import inflated

_PIECE_BYTES = 64
"""What keeping a piece costs beside its bytes."""


class Room:
    """How much all tapes of a process may hold together, in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def take(self, size: int) -> bool:
        """Whether there is so much room; it is taken then."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        """So much is free again."""
        self._left += size


class Track:
    """What was heard of one attempt: ``pieces`` are monotonic times in seconds and bytes. ``cut``:
    not all that came is in them; ``size`` and ``digest`` are of all."""

    def __init__(self, number: int, dialect: str, vendor: str, relays: bool) -> None:
        self.number = number
        self.dialect = dialect
        self.vendor = vendor
        self.relays = relays
        self.seeds: list[str] = []
        self.call: Call | None = None
        self.asked_at = time.monotonic()
        self.answer: Answer | None = None
        self.answered_at = 0.0
        self.pieces: list[tuple[float, bytes]] = []
        self.size = 0
        self.digest = hashlib.sha256()
        self.cut = False
        self.ending: Ending = "unanswered"
        self.ended_at: float | None = None
        self.why = ""
        self.sent: Sent = "nothing"
        self.timed_out = False

    def end(self, ending: Ending, why: str = "") -> None:
        """Nothing more is heard; the first to say so counts."""
        if self.ended_at is None:
            self.ending, self.why, self.ended_at = ending, why, time.monotonic()


class Tape:
    """One exchange. ``on_end`` is called once when all is over, unless it was `drop`-ped."""

    def __init__(self, most_bytes: int, room: Room, on_end: Callable[["Tape"], None]) -> None:
        self._most = most_bytes
        self._room = room
        self._on_end: Callable[[Tape], None] | None = on_end
        self._held = 0
        self.tracks: list[Track] = []
        self.said_bytes = 0
        self.said_digest = hashlib.sha256()

    def over(self, upstream: Upstream, track: Track) -> Upstream:
        """`upstream`, which is overheard from now on."""
        self.tracks.append(track)
        return _Overheard(self, upstream, track)

    def said(self, data: bytes) -> None:
        """The caller was sent `data`."""
        self.said_bytes += len(data)
        self.said_digest.update(data)

    def seeded(self, seed: str) -> None:
        """The ids of the reply are made of `seed`."""
        if self.tracks:
            self.tracks[-1].seeds.append(seed)

    def heard(self, track: Track, data: bytes) -> None:
        """`data` came."""
        track.size += len(data)
        track.digest.update(data)
        if track.cut:
            return
        cost = len(data) + _PIECE_BYTES
        if self._held + cost > self._most or not self._room.take(cost):
            track.cut = True
            return
        self._held += cost
        track.pieces.append((time.monotonic(), data))

    def drop(self) -> None:
        """What was heard is not wanted."""
        self._on_end = None
        self.release()

    def end(self) -> None:
        """The exchange is over, to its last connection."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    def release(self) -> None:
        """Forgets the bytes, and what still comes."""
        self._room.give_back(self._held)
        self._held = self._most = 0
        for track in self.tracks:
            track.pieces = []


class _Overheard:
    """An upstream whose one answer is taken down, after it was unpacked."""

    def __init__(self, tape: Tape, upstream: Upstream, track: Track) -> None:
        self._tape = tape
        self._upstream = upstream
        self._track = track

    async def send(self, call: Call) -> Answer:
        """See `headgate.upstream.answer.Upstream.send`; raises AnswerBroken, too."""
        track = self._track
        track.call, track.asked_at = call, time.monotonic()
        try:
            answer = await self._upstream.send(call)
        except TargetUnreachable as cause:
            track.sent, track.timed_out = cause.sent, cause.timed_out
            track.end("unanswered", str(cause))
            raise
        track.answer, track.answered_at, track.ending = answer, time.monotonic(), "stopped"
        try:
            return TapedAnswer(self._tape, track, inflated(answer))
        except AnswerBroken as broken:
            track.end("broken", str(broken))
            answer.close()
            raise

    async def aclose(self) -> None:
        """See `headgate.upstream.answer.Upstream.aclose`."""


class TapedAnswer:
    """An answer that is taken down as it is read."""

    def __init__(self, tape: Tape, track: Track, answer: Answer) -> None:
        self._tape = tape
        self._track = track
        self._answer = answer
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers

    async def read(self) -> bytes:
        """See `headgate.upstream.answer.Answer.read`."""
        try:
            data = await self._answer.read()
        except AnswerBroken as broken:
            self._track.end("broken", str(broken))
            raise
        if data:
            self._tape.heard(self._track, data)
        else:
            self._track.end("clean")
        return data

    def close(self) -> None:
        """See `headgate.upstream.answer.Answer.close`."""
        self._track.end("stopped")
        self._answer.close()

    def pushing(self) -> PushAnswer | None:
        """See `headgate.upstream.answer.Answer.pushing`."""
        answer = self._answer.pushing()
        return None if answer is None else _TapedPush(self._tape, self._track, answer)


class _TapedPush(TapedAnswer):
    """An answer that pushes, and is taken down as it is taken."""

    def __init__(self, tape: Tape, track: Track, answer: PushAnswer) -> None:
        super().__init__(tape, track, answer)
        self._pushes = answer
        self.pause = answer.pause
        self.resume = answer.resume

    @property
    def ended(self) -> bool:
        """See `headgate.upstream.answer.PushAnswer.ended`."""
        self._note_end()
        return self._pushes.ended

    @property
    def broken(self) -> bool:
        """See `headgate.upstream.answer.PushAnswer.broken`."""
        self._note_end()
        return self._pushes.broken

    def _note_end(self) -> None:
        if self._pushes.ended:
            self._track.end("clean")
        elif self._pushes.broken:
            self._track.end("broken", "the connection was lost inside the answer")

    def on_data(self, tell: Callable[[bytes], None] | None) -> None:
        """See `headgate.upstream.answer.PushAnswer.on_data`."""
        self._pushes.on_data(None if tell is None else partial(self._hear, tell))

    def _hear(self, tell: Callable[[bytes], None], data: bytes) -> None:
        if data:
            self._tape.heard(self._track, data)
        else:
            self._note_end()
        tell(data)

    def take(self) -> bytes:
        """See `headgate.upstream.answer.PushAnswer.take`."""
        data = self._pushes.take()
        if data:
            self._tape.heard(self._track, data)
        return data
