"""The reader of a Converse stream."""

from headgate.dialects.converse.assembly import Assembly
from headgate.dialects.converse.errors import read_exception
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.wire import aws_eventstream, json_text

MOST_UNREADABLE = 3


class StreamReader:
    """Bytes of one stream to hub events; see `headgate.dialects.dialect.Reader`.

    ``messageStop`` finishes the reply, ``metadata`` after it is the last word; a stream that ends
    without ``messageStop`` was cut.
    """

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.terminated = False
        self._splitter = aws_eventstream.Splitter()
        self._assembly = Assembly(source)
        self._unreadable = 0

    def feed(self, data: bytes) -> list[ev.Event]:
        """The events that `data` completes."""
        if self.terminated:
            return []
        events: list[ev.Event] = []
        for frame in self._splitter.feed(data):
            if not self.terminated:
                events += self._take(aws_eventstream.decode(frame))
        return events

    def end(self) -> list[ev.Event]:
        """Nothing: no event of this dialect is ever held."""
        return []

    def _take(self, message: aws_eventstream.Message) -> list[ev.Event]:
        if message.headers.get(":message-type") in ("exception", "error"):
            self.terminated = True
            return [ev.Failed(read_exception(message.headers, message.payload))]
        payload = json_text.object_or_none(message.payload)
        if payload is None:
            self._unreadable += 1
            if self._unreadable >= MOST_UNREADABLE:
                raise StreamBroken("several events of the stream are not JSON")
            return []
        events = self._assembly.take(message.headers.get(":event-type", ""), payload)
        self.finished = self._assembly.finished
        self.terminated = self._assembly.complete
        return events


def open_reader(source: Source) -> StreamReader:
    """A reader for one stream."""
    return StreamReader(source)
