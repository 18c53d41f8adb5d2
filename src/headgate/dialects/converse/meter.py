"""The meter of a Converse stream that is relayed as it is."""

from headgate.dialects.converse.ending import read_finish
from headgate.dialects.converse.errors import read_exception
from headgate.dialects.converse.usage import read_usage
from headgate.dialects.facts import Facts
from headgate.wire import aws_eventstream, json_text
from headgate.wire.json_fields import fields


class FrameMeter:
    """Relays whole frames and notes facts; see `headgate.dialects.dialect.Meter`."""

    def __init__(self) -> None:
        self.facts = Facts()
        self._splitter = aws_eventstream.Splitter()

    def feed(self, data: bytes) -> bytes:
        """The whole frames of `data`, up to and with the last word."""
        if self._over():
            return b""
        relayed: list[bytes] = []
        for frame in self._splitter.feed(data):
            if self._over():
                break
            relayed.append(frame)
            self._note(aws_eventstream.decode(frame), len(frame))
        return b"".join(relayed)

    def end(self) -> bytes:
        """Nothing: a frame that is not whole is none."""
        return b""

    def _over(self) -> bool:
        return self.facts.terminated or self.facts.fault is not None

    def _note(self, message: aws_eventstream.Message, size: int) -> None:
        facts = self.facts
        facts.events += 1
        if message.headers.get(":message-type") in ("exception", "error"):
            facts.fault = read_exception(message.headers, message.payload)
            facts.fault_relayed = True
            return
        kind = message.headers.get(":event-type")
        if kind == "messageStop":
            stop = json_text.object_or_none(message.payload) or {}
            facts.finished = True
            facts.native_finish = read_finish(stop, False).native
        elif kind == "metadata":
            metadata = json_text.object_or_none(message.payload) or {}
            facts.usage = read_usage(fields(metadata, "usage")) or facts.usage
            facts.terminated = facts.finished
        else:
            facts.output_bytes += size


def open_meter(hide_usage: bool) -> FrameMeter:
    """A meter for one stream; usage comes unasked here and is never hidden."""
    return FrameMeter()
