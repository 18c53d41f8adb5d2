"""How a stream passes that no policy wants: relayed in its own dialect, or translated.

A gear takes the backend's bytes and gives the caller's; it keeps the facts by which the stream is
judged. It is chosen once an attempt.
"""

from collections.abc import Callable
from typing import Protocol

from headgate.dialects.destination import Source
from headgate.dialects.dialect import BackendHalf, CallerHalf, ReplyContext
from headgate.dialects.facts import Facts
from headgate.model import events as ev
from headgate.model.fault import Fault
from headgate.model.usage import merge

Clock = Callable[[], float]
"""Monotonic seconds."""


class Gear(Protocol):
    """One stream on its way."""

    facts: Facts
    losses: list[str]

    def feed(self, data: bytes) -> bytes:
        """What `data` means to the caller, in whole frames. Raises StreamBroken."""
        ...

    def end(self) -> bytes:
        """At the end of the bytes: what was held back and is whole."""
        ...

    def close(self) -> bytes:
        """The last words of a whole reply, as far as they have not been said."""
        ...

    def fail(self, fault: Fault) -> bytes:
        """The error frames, unless the backend's own were relayed."""
        ...


class Metered:
    """Same dialect on both sides: the original bytes pass, a meter looks on."""

    def __init__(self, backend: BackendHalf, caller: CallerHalf, hide_usage: bool) -> None:
        self._meter = backend.open_meter(hide_usage)
        self._caller = caller
        self.facts = self._meter.facts
        self.losses: list[str] = []
        self.feed = self._meter.feed
        self.end = self._meter.end

    def close(self) -> bytes:
        """See `Gear.close`."""
        return b"" if self.facts.terminated else self._caller.close_stream(self.facts)

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return b"" if self.facts.fault_relayed else self._caller.break_stream(fault, self.facts)


class Translated:
    """Two dialects: bytes to events to bytes."""

    def __init__(
        self,
        backend: BackendHalf,
        source: Source,
        caller: CallerHalf,
        context: ReplyContext,
    ) -> None:
        self._reader = backend.open_reader(source)
        self._writer = caller.open_writer(context)
        self.facts = Facts()
        self.losses = self._writer.losses
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """See `Gear.feed`."""
        return self._pass(self._reader.feed(data))

    def end(self) -> bytes:
        """See `Gear.end`."""
        self._ended = True
        return self._pass(self._reader.end())

    def close(self) -> bytes:
        """See `Gear.close`. A reader may hold the finish until it is told that nothing follows,
        which it was not where a finished backend fell silent."""
        held = b"" if self._ended or self.facts.terminated else self.end()
        return held + self._writer.end()

    def fail(self, fault: Fault) -> bytes:
        """See `Gear.fail`."""
        return self._writer.fail(fault)

    def _pass(self, events: list[ev.Event]) -> bytes:
        out = []
        for event in events:
            if isinstance(event, ev.Failed):
                self.facts.fault = event.fault
                break
            note(self.facts, event)
            out.append(self._writer.write(event))
        self.facts.finished = self._reader.finished
        self.facts.terminated = self._reader.terminated
        return b"".join(out)


def note(facts: Facts, event: ev.Event) -> None:
    """Takes what `event` says of the reply into `facts`."""
    facts.events += 1
    match event:
        case ev.TextDelta() | ev.ReasoningDelta() | ev.ArgumentsDelta() | ev.RefusalDelta():
            facts.output_bytes += len(event.text)
        case ev.UsageReported(usage=usage):
            facts.usage = merge(facts.usage, usage)
        case ev.Started(id=id_, model=model):
            facts.id, facts.model = id_, model
        case ev.Finished(native=native):
            facts.native_finish = native
        case _:
            pass
