"""The gears of streams that policies want: `Guarded` passes through them, `Watched` past them."""

from typing import Protocol

from headgate.dialects.dialect import Reader, Writer
from headgate.dialects.facts import Facts
from headgate.model import events as ev
from headgate.model.fault import Fault, StreamBroken
from headgate.pipeline.gears import Clock, Gear, note
from headgate.pipeline.guard import Guard


class Holding(Gear, Protocol):
    """A gear that may hold a stream back, or wants to know when it is over."""

    @property
    def waiting(self) -> bool:
        """`step` before more is fed."""
        ...

    @property
    def told(self) -> bool:
        """Something of the answer itself was given out."""
        ...

    def due(self) -> float | None:
        """When `release` must be called."""
        ...

    def release(self) -> bytes:
        """What has been held as long as it may."""
        ...

    async def step(self) -> bytes:
        """Waits for whoever must be asked."""
        ...

    def flush(self) -> bytes:
        """The stream is over, whole or cut: what is still held, as far as nobody must be asked."""
        ...


_OPENING = (ev.Started, ev.BlockStarted, ev.UsageReported)
"""What says nothing yet: while no more was given out a block can still be a plain refusal."""


class Guarded:
    """Bytes to events, through the policies, to bytes; also within one dialect."""

    def __init__(self, reader: Reader, writer: Writer, guard: Guard, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._guard = guard
        self._clock = clock
        self.facts = Facts()
        self.losses = writer.losses
        self.told = False
        self._ended = False
        self._flushed = False

    def feed(self, data: bytes) -> bytes:
        """See `Gear.feed`."""
        return self._pass(self._reader.feed(data))

    def end(self) -> bytes:
        """See `Gear.end`."""
        self._ended = True
        return self._pass(self._reader.end())

    def close(self) -> bytes:
        """See `Gear.close`."""
        return self._writer.end()

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return self._writer.fail(fault)

    @property
    def waiting(self) -> bool:
        """See `Holding.waiting`."""
        return self._guard.waiting

    def due(self) -> float | None:
        """See `Holding.due`."""
        return self._guard.due()

    def release(self) -> bytes:
        """See `Holding.release`."""
        return self._write(self._guard.release(self._clock()))

    async def step(self) -> bytes:
        """See `Holding.step`."""
        return self._write(await self._guard.step())

    def flush(self) -> bytes:
        """See `Holding.flush`. A reader may hold the finish until it is told that nothing
        follows, which it was not where a finished backend fell silent."""
        if self._flushed or self._guard.blocked is not None:
            return b""
        self._flushed = True
        silent = self.facts.finished and not (self._ended or self.facts.terminated)
        rest = self.end() if silent else b""
        return rest + self._write(self._guard.flush(self._clock()))

    def _pass(self, events: list[ev.Event]) -> bytes:
        out: list[bytes] = []
        guard, clock = self._guard, self._clock
        for event in events:
            if isinstance(event, ev.Failed):
                self.facts.fault = event.fault
                break
            note(self.facts, event)
            given = guard.feed(event, clock())
            if given:
                out += self._written(given)
            if guard.blocked is not None:
                self._note_block()
                break
        self.facts.finished = self._reader.finished
        self.facts.terminated = self._reader.terminated
        return b"".join(out)

    def _write(self, events: list[ev.Event]) -> bytes:
        out = b"".join(self._written(events))
        self._note_block()
        return out

    def _written(self, events: list[ev.Event]) -> list[bytes]:
        self.told = self.told or any(not isinstance(event, _OPENING) for event in events)
        return [self._writer.write(event) for event in events]

    def _note_block(self) -> None:
        if self.facts.fault is None:
            self.facts.fault = self._guard.blocked


class Watched:
    """The bytes take the way of another gear; policies in monitor mode see what they mean."""

    told = True
    waiting = False

    def __init__(self, gear: Gear, reader: Reader, guard: Guard, clock: Clock) -> None:
        self._gear = gear
        self._reader: Reader | None = reader
        self._guard = guard
        self._clock = clock
        self.facts = gear.facts
        self.losses = gear.losses

    def feed(self, data: bytes) -> bytes:
        """See `Gear.feed`."""
        self._see(data)
        return self._gear.feed(data)

    def end(self) -> bytes:
        """See `Gear.end`."""
        return self._gear.end()

    def close(self) -> bytes:
        """See `Gear.close`."""
        return self._gear.close()

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return self._gear.fail(fault)

    def due(self) -> float | None:
        """See `Holding.due`: nothing is held."""
        return None

    def release(self) -> bytes:
        """See `Holding.release`."""
        return b""

    async def step(self) -> bytes:
        """See `Holding.step`: nobody waits."""
        return b""

    def flush(self) -> bytes:
        """See `Holding.flush`: the policies see the end."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._show([] if reader.terminated else reader.end())
            self._guard.flush(self._clock())
        return b""

    def _see(self, data: bytes) -> None:
        if self._reader is None:
            return
        try:
            self._show(self._reader.feed(data))
        except StreamBroken:
            self._reader = None

    def _show(self, events: list[ev.Event]) -> None:
        for event in events:
            if isinstance(event, ev.Failed):
                return
            self._guard.feed(event, self._clock())
