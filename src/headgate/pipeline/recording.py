"""Records what a caller gets for the request log, in the form that the log is to keep."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.model.usage import Usage
from headgate.pipeline import compact_chat, compact_messages, compact_responses
from headgate.pipeline.compact import MOST_BYTES, Compact, StreamDetail, written
from headgate.wire import json_text, sse

Note = Callable[[Compact, sse.Frame], None]

_NOTES: Mapping[str, Note] = {
    "chat": compact_chat.note,
    "messages": compact_messages.note,
    "responses": compact_responses.note,
}
_NAMES: Mapping[str, str] = {
    "chat": "kyush.chat_stream",
    "messages": "headgate.messages_stream",
    "responses": "headgate.responses_stream",
}


_AT_ONCE_BYTES = 16 * 1024
"""Of a stream's pieces that are noted together. Each by itself, between two waits, costs several
times what it costs among others."""


class Recording:
    """The answer to one caller, bounded: a whole one as it is, a stream as `mode` says. Streams of
    dialects that have no compact form are kept raw."""

    def __init__(self, mode: StreamDetail, dialect: str) -> None:
        self._dialect = dialect
        self._note = _NOTES.get(dialect, compact_chat.note)
        known = dialect in _NOTES
        self._compact = Compact() if known and mode in ("compact", "both") else None
        keeps_raw = mode in ("raw", "both") if known else mode != "off"
        self._raw = bytearray() if keeps_raw else None
        self._decoder = sse.Decoder()
        self._unnoted = bytearray()
        self._unreadable: str | None = None
        self._size = 0
        self._whole: str | None = None

    def keep_size_only(self, content_type: str) -> None:
        """The answer is nothing to read: its kind and size are kept."""
        self._unreadable = content_type or "bytes"
        self._raw = self._compact = None

    def take(self, data: bytes) -> None:
        """A piece of a stream, in whole frames."""
        self._size += len(data)
        if self._raw is not None and len(self._raw) < MOST_BYTES:
            self._raw += data
        if self._compact is not None:
            self._compact.network_chunks += 1
            self._unnoted += data
            if len(self._unnoted) >= _AT_ONCE_BYTES:
                self._note_frames(self._compact)

    def take_whole(self, body: bytes) -> None:
        """A whole answer."""
        self._whole = bounded_text(body, len(body))

    def body(self, usage: Usage | None = None) -> str | None:
        """What the log keeps; None where nothing was said or is to be kept. `usage` stands in
        where the caller did not ask for any."""
        if self._whole is not None:
            return self._whole
        if self._unreadable is not None:
            return f"{self._size} bytes of {self._unreadable}"
        if not self._size:
            return None
        raw = None if self._raw is None else bounded_text(bytes(self._raw), self._size)
        if self._compact is None:
            return raw
        self._note_frames(self._compact)
        compact = self._written(self._compact, usage)
        if raw is None:
            return json_text.encode_text(compact)
        both = {"format": f"{_NAMES[self._dialect]}.raw.v1", "compact": compact, "raw_sse": raw}
        return json_text.encode_text(both)

    def _note_frames(self, compact: Compact) -> None:
        data = bytes(self._unnoted)
        self._unnoted.clear()
        for frame in self._decoder.feed(data):
            self._note(compact, frame)

    def _written(self, compact: Compact, usage: Usage | None) -> dict[str, Any]:
        if compact.usage is None and usage is not None and self._dialect == "chat":
            compact.usage = compact_chat.usage_of(usage)
        return written(compact, f"{_NAMES[self._dialect]}.compact.v1")


def bounded_text(data: bytes, size: int) -> str:
    """The first mebibyte of `data` as text, which says so where `size` bytes are more."""
    if size <= MOST_BYTES:
        return data.decode("utf-8", "replace")
    kept = data[:MOST_BYTES].decode("utf-8", "ignore")
    return f"{kept}\n\n: cut here, {size} bytes in all\n\n"
