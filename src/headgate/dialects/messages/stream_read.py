"""A backend's stream to hub events, whatever order it keeps.

::

    message_start ( content_block_start content_block_delta* content_block_stop )*
    message_delta+ message_stop                          ping and error anywhere

The finish is told when the stream is over, since blocks and usage have been seen behind the first
``message_delta``. A second ``message_start`` (a server-side fallback) is passed over.
"""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.messages.blocks_open import (
    AnswerOpen,
    CallOpen,
    Open,
    TextOpen,
    ThinkingOpen,
    WholeOpen,
    implied,
    open_block,
)
from headgate.dialects.messages.errors import fault_in_band, is_error
from headgate.dialects.messages.finish import read_finish
from headgate.dialects.messages.own import owned, without
from headgate.dialects.messages.usage import read_usage
from headgate.model import events as ev
from headgate.model.fault import StreamBroken
from headgate.wire import json_fields, json_text, sse

Json = dict[str, Any]

_MOST_GARBLED = 3
_MOST_OPEN = 1024
_STOP = ("stop_reason", "stop_sequence", "stop_details")
_START = frozenset({"id", "type", "role", "model", "content", *_STOP})
_TAKES: Mapping[str, tuple[type, ...]] = {
    "text_delta": (TextOpen, WholeOpen),
    "citations_delta": (TextOpen, WholeOpen),
    "thinking_delta": (ThinkingOpen, WholeOpen),
    "signature_delta": (ThinkingOpen, WholeOpen),
    "input_json_delta": (CallOpen, AnswerOpen, WholeOpen),
}
_ANY = (WholeOpen,)
"""Which blocks a delta may belong to; those that ride whole take any."""


class StreamReader:
    """See `headgate.dialects.dialect.Reader`."""

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.terminated = False
        self._source = source
        self._decoder = sse.Decoder()
        self._out: list[ev.Event] = []
        self._blocks: dict[int, Open] = {}
        self._next_key = 0
        self._started = False
        self._over = False
        self._garbled = 0
        self._usage: Json = {}
        self._stop: Json = {}
        self._tool_called = False

    def feed(self, data: bytes) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.feed`."""
        if self._over:
            return []
        for frame in self._decoder.feed(data):
            self._take(frame)
        return self._flush()

    def end(self) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.end`."""
        if self._over:
            return []
        for frame in self._decoder.end():
            self._take(frame)
        if self.finished and not self._over:
            self._finish()
        return self._flush()

    def _flush(self) -> list[ev.Event]:
        out, self._out = self._out, []
        return out

    def _take(self, frame: sse.Frame) -> None:
        if self._over:
            return
        value = json_text.object_or_none(frame.data)
        if value is None:
            self._skip(frame)
            return
        kind = value.get("type")
        if kind == "content_block_delta":
            self._delta(value)
            return
        act = _ACTS.get(kind if isinstance(kind, str) else frame.event)
        if act is not None:
            act(self, value)
        elif frame.event == "error" or is_error(value):
            self._fail(value)

    def _skip(self, frame: sse.Frame) -> None:
        if frame.data.strip() in (b"[DONE]", b""):
            return
        self._garbled += 1
        if self._garbled >= _MOST_GARBLED:
            raise StreamBroken(f"{_MOST_GARBLED} events of the stream are not JSON objects")

    def _fail(self, value: Json) -> None:
        self._over = True
        self._out.append(ev.Failed(fault_in_band(value)))

    def _message_start(self, value: Json) -> None:
        if self._started:
            return
        message = json_fields.fields(value, "message")
        extras = {k: v for k, v in without(message, _START).items() if v is not None}
        self._begin(
            ev.Started(
                json_fields.text(message, "id"),
                json_fields.text(message, "model"),
                None,
                owned(extras),
            )
        )
        self._count(message)
        self._learn({key: message.get(key) for key in _STOP})
        for block in json_fields.objects(message, "content"):
            # Results of deferred tool calls stand in the opening message, whole.
            self._open(-1, block)
            self._close(-1)

    def _begin(self, started: ev.Started) -> None:
        self._started = True
        self._out.append(started)

    def _block_start(self, value: Json) -> None:
        index = _index(value)
        self._close(index)
        self._open(index, json_fields.fields(value, "content_block"))

    def _delta(self, value: Json) -> None:
        delta = value.get("delta")
        if not isinstance(delta, dict):
            return
        kind = delta.get("type")
        if not isinstance(kind, str):
            return
        index = _index(value)
        block = self._blocks.get(index)
        takes = _TAKES.get(kind, _ANY)
        if block is None or not isinstance(block, takes):
            block = self._imply(index, kind)
        if block is not None:
            block.add(kind, delta, self._out)

    def _imply(self, index: int, kind: str) -> Open | None:
        start = implied(kind)
        if start is None:
            return None
        self._close(index)
        self._open(index, start)
        return self._blocks.get(index)

    def _block_stop(self, value: Json) -> None:
        self._close(_index(value))

    def _open(self, index: int, block: Json) -> None:
        if not self._started:
            self._begin(ev.Started())
        if len(self._blocks) >= _MOST_OPEN:
            raise StreamBroken(f"more than {_MOST_OPEN} content blocks are open at once")
        key = self._next_key
        self._next_key += 1
        opened = open_block(key, block, self._source, self._out)
        if opened is not None:
            self._blocks[index] = opened
            self._tool_called = self._tool_called or isinstance(opened, CallOpen)

    def _close(self, index: int) -> None:
        block = self._blocks.pop(index, None)
        if block is not None:
            block.end(self._out)

    def _message_delta(self, value: Json) -> None:
        if not self._started:
            self._begin(ev.Started())
        beside = without(value, frozenset({"type", "delta", "usage"}))
        self._stop.update(beside)
        self._learn(json_fields.fields(value, "delta"))
        self._count(value)

    def _learn(self, stop: Json) -> None:
        """Takes the stop reason and what comes with it; a later null takes nothing back."""
        known = {k: v for k, v in stop.items() if v is not None and k != "type"}
        self._stop.update(known)
        self.finished = self.finished or isinstance(known.get("stop_reason"), str)

    def _count(self, holder: Json) -> None:
        usage = json_fields.fields(holder, "usage")
        if usage:
            self._usage.update((k, v) for k, v in usage.items() if v is not None)
            self._out.append(ev.UsageReported(read_usage(self._usage)))

    def _message_stop(self, value: Json) -> None:
        del value
        if not self._started:
            self._begin(ev.Started())
        self._finish()
        self.finished = True
        self.terminated = True

    def _finish(self) -> None:
        self._over = True
        for index in list(self._blocks):
            self._close(index)
        self._out.append(read_finish(self._stop, self._tool_called))

    def _ping(self, value: Json) -> None:
        del value


_ACTS = {
    "message_start": StreamReader._message_start,
    "content_block_start": StreamReader._block_start,
    "content_block_delta": StreamReader._delta,
    "content_block_stop": StreamReader._block_stop,
    "message_delta": StreamReader._message_delta,
    "message_stop": StreamReader._message_stop,
    "ping": StreamReader._ping,
    "error": StreamReader._fail,
}


def _index(value: Json) -> int:
    index = value.get("index")
    return index if isinstance(index, int) else -1
