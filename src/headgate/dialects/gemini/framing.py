"""The JSON objects in a Gemini stream's bytes, whichever of its three framings they have.

Server-sent events with ``alt=sse``; without it one JSON array, streamed; and an error may stand as
a bare JSON object between or behind events. Nothing but events opens a line with ``{`` or ``[``,
so from such a line on the bytes are read as JSON.
"""

import re

from headgate.model.fault import StreamBroken
from headgate.wire import sse

_BARE = re.compile(rb"(?:\A|[\r\n])(?=[\[{])")
_BRACE = re.compile(rb'["{}]')
_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


class Framing:
    """Bytes to the JSON text of each object."""

    def __init__(self, limit: int = sse.MAX_FRAME) -> None:
        self._splitter = sse.Splitter(limit)
        self._objects = ObjectSplitter(limit)
        self._bare = False
        self._started = False

    def feed(self, data: bytes) -> list[bytes]:
        """The texts that `data` completes. Raises StreamBroken beyond the limit."""
        if self._bare:
            return self._objects.feed(data)
        if not self._started:
            return self._start(data)
        return self._read(self._splitter.feed(data))

    def end(self) -> list[bytes]:
        """At the end of the bytes: a last event that lacks only its blank line."""
        if self._bare:
            return []
        rest = self._splitter.rest().removeprefix(sse.BOM)
        if _find_bare(rest) is not None:
            return self._read(rest)
        return [frame.data for frame in sse.parse(rest) if sse.is_whole(frame.data)]

    def _start(self, data: bytes) -> list[bytes]:
        """Looks for the first byte of worth, which tells JSON from events at once."""
        head = self._splitter.rest() + data
        content = head.removeprefix(sse.BOM).lstrip()
        if not content or sse.BOM.startswith(head):
            return self._read(self._splitter.feed(head))
        self._started = True
        return (
            self._read(content)
            if content[:1] in b"[{"
            else self._read(self._splitter.feed(content))
        )

    def _read(self, whole: bytes) -> list[bytes]:
        bare = _find_bare(whole)
        if bare is None:
            return [frame.data for frame in sse.parse(whole)]
        self._bare = True
        found = [frame.data for frame in sse.parse(whole[:bare])]
        return found + self._objects.feed(whole[bare:] + self._splitter.rest())


def _find_bare(whole: bytes) -> int | None:
    """Where the first line that is JSON begins. One event of one line, the usual case, is known
    by its two newlines at the end."""
    if whole.startswith(b"data:"):
        first = min(whole.find(b"\n"), whole.find(b"\r") % len(whole))
        if first >= len(whole) - 4:
            return None
    match = _BARE.search(whole)
    return match.end() if match else None


class ObjectSplitter:
    """Finds the outermost objects in JSON text; what stands between them is passed over."""

    def __init__(self, limit: int) -> None:
        self._held = bytearray()
        self._position = 0
        self._depth = 0
        self._start = 0
        self._in_string = False
        self._limit = limit

    def feed(self, data: bytes) -> list[bytes]:
        """The objects that `data` completes. Raises StreamBroken beyond the limit."""
        self._held += data
        found: list[bytes] = []
        while self._step(found):
            pass
        self._forget()
        return found

    def _step(self, found: list[bytes]) -> bool:
        """Moves to the next quote or brace; False where the bytes are used up."""
        if self._in_string:
            return self._leave_string()
        match = _BRACE.search(self._held, self._position)
        if match is None:
            self._position = len(self._held)
            return False
        self._position = match.end()
        token = match.group()
        if token == b'"':
            self._in_string = self._depth > 0
        elif token == b"{":
            if self._depth == 0:
                self._start = match.start()
            self._depth += 1
        elif self._depth:
            self._depth -= 1
            if self._depth == 0:
                found.append(bytes(self._held[self._start : self._position]))
        return True

    def _leave_string(self) -> bool:
        match = _REST_OF_STRING.match(self._held, self._position)
        self._position = match.end() if match else self._position
        if self._held[self._position : self._position + 1] != b'"':
            return False
        self._position += 1
        self._in_string = False
        return True

    def _forget(self) -> None:
        done = self._start if self._depth else self._position
        del self._held[:done]
        self._position -= done
        self._start = 0
        if len(self._held) > self._limit:
            raise StreamBroken(f"one object is larger than {self._limit} bytes")
