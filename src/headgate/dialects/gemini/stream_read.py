"""The reader of a Gemini stream."""

from headgate.dialects.destination import Source
from headgate.dialects.gemini.assembly import Assembly
from headgate.dialects.gemini.framing import Framing
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.wire import json_text

MOST_UNREADABLE = 3


class StreamReader:
    """Bytes of one stream to hub events; see `headgate.dialects.dialect.Reader`.

    Gemini has no terminator: a stream is whole when its candidates have finished and the body
    ends. ``[DONE]``, which some relays add, is taken for one.
    """

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.terminated = False
        self._framing = Framing()
        self._assembly = Assembly(source)
        self._unreadable = 0
        self._ended = False

    def feed(self, data: bytes) -> list[ev.Event]:
        """The events that `data` completes."""
        if self.terminated or self._ended:
            return []
        return self._take(self._framing.feed(data))

    def end(self) -> list[ev.Event]:
        """What was held back; closes blocks and tells finishes if the reply is whole."""
        if self._ended:
            return []
        self._ended = True
        events = [] if self.terminated else self._take(self._framing.end())
        if self.finished and not self._assembly.failed:
            events += self._assembly.end()
        return events

    def _take(self, texts: list[bytes]) -> list[ev.Event]:
        events: list[ev.Event] = []
        for text in texts:
            if self.terminated:
                break
            response = json_text.object_or_none(text)
            if response is not None:
                events += self._assembly.take(response)
                self.finished = self._assembly.finished
                self.terminated = self._assembly.failed
            elif text.strip() == b"[DONE]":
                self.terminated = True
            else:
                self._pass_over()
        return events

    def _pass_over(self) -> None:
        self._unreadable += 1
        if self._unreadable >= MOST_UNREADABLE:
            raise StreamBroken("several events of the stream are not JSON")


def open_reader(source: Source) -> StreamReader:
    """A reader for one stream."""
    return StreamReader(source)
