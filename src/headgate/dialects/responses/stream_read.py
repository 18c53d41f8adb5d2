"""A stream of a backend, read: bytes to hub events."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.responses import endings, items
from headgate.dialects.responses.errors import fault_in_band
from headgate.dialects.responses.stream_items import Blocks, OpenItem, Out
from headgate.dialects.responses.usage import read_usage
from headgate.model import events as ev
from headgate.model.fault import Fault, StreamBroken
from headgate.wire import json_text, sse
from headgate.wire.json_fields import count, fields, objects, text

MOST_ITEMS = 10_000
"""Items of one reply; more is no reply."""

MOST_UNREADABLE = 3
"""Frames that may be no JSON before the stream is given up."""

_Values = Mapping[str, Any]


class ResponsesReader:
    """Reads one stream; see `headgate.dialects.dialect.Reader`.

    Items may overlap, come late, or whole only in the last event: each is told once, in the order
    in which it began to speak.
    """

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.terminated = False
        self._decoder = sse.Decoder()
        self._blocks = Blocks(source)
        self._items: dict[int, OpenItem] = {}
        self._by_id: dict[tuple[str, str], OpenItem] = {}
        self._latest: dict[str, OpenItem] = {}
        self._started = False
        self._unreadable = 0

    def feed(self, data: bytes) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.feed`."""
        out: Out = []
        if not self.terminated:
            self._read(self._decoder.feed(data), out)
        return out

    def end(self) -> list[ev.Event]:
        """See `headgate.dialects.dialect.Reader.end`."""
        out: Out = []
        if not self.terminated:
            self._read(self._decoder.end(), out)
        return out

    def _read(self, frames: list[sse.Frame], out: Out) -> None:
        for frame in frames:
            if self.terminated:
                return
            value = json_text.object_or_none(frame.data)
            if value is None:
                self._note_unreadable(frame.data)
                continue
            kind = value.get("type")
            handle = _HANDLERS.get(kind if isinstance(kind, str) else frame.event)
            if handle is not None:
                handle(self, value, out)
            elif value.get("error"):
                self._fail(fault_in_band(value), out)

    def _note_unreadable(self, data: bytes) -> None:
        if data.strip() in (b"", b"[DONE]"):
            return
        self._unreadable += 1
        if self._unreadable >= MOST_UNREADABLE:
            raise StreamBroken("the stream's events are not JSON objects")

    def _begin(self, value: _Values, out: Out) -> None:
        if self._started:
            return
        self._started = True
        response = fields(value, "response")
        extras = endings.finish_extras(response) if response else None
        created = count(response, "created_at")
        out.append(ev.Started(text(response, "id"), text(response, "model"), created, extras))

    def _text_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "message", out)
        if item is not None:
            logprobs = tuple(objects(value, "logprobs")) if value.get("logprobs") else None
            delta = text(value, "delta")
            if delta or logprobs:
                self._blocks.text(item, _index(value, "content_index"), delta, logprobs, out)

    def _text_done(self, value: _Values, out: Out) -> None:
        item = self._item(value, "message", out)
        if item is not None and text(value, "text"):
            self._blocks.fill_text(item, _index(value, "content_index"), value, out)

    def _refusal_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "message", out)
        if item is not None and text(value, "delta"):
            index = _index(value, "content_index")
            self._blocks.refusal(item, index, text(value, "delta"), out)

    def _refusal_done(self, value: _Values, out: Out) -> None:
        item = self._item(value, "message", out)
        if item is not None and text(value, "refusal"):
            self._blocks.fill_refusal(item, _index(value, "content_index"), value, out)

    def _annotation(self, value: _Values, out: Out) -> None:
        item = self._item(value, "message", out)
        native = fields(value, "annotation")
        if item is not None and native:
            self._blocks.annotation(item, _index(value, "content_index"), native, out)

    def _part_done(self, value: _Values, out: Out) -> None:
        part = fields(value, "part")
        slot = _SLOTS.get(text(part, "type"))
        item = self._item(value, "message", out) if slot is not None else None
        if item is None or slot is None:
            return
        index = _index(value, "content_index")
        fill = self._blocks.fill_refusal if slot == "refusal" else self._blocks.fill_text
        fill(item, index, part, out)
        self._blocks.end_part(item, slot, index, out)

    def _summary_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "reasoning", out)
        if item is not None:
            index = _index(value, "summary_index")
            self._blocks.reasoning(item, "summary", index, text(value, "delta"), out)

    def _summary_done(self, value: _Values, out: Out) -> None:
        item = self._item(value, "reasoning", out)
        if item is not None:
            index = _index(value, "summary_index")
            self._blocks.fill_reasoning(item, "summary", index, text(value, "text"), out)

    def _thought_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "reasoning", out)
        if item is not None:
            index = _index(value, "content_index")
            self._blocks.reasoning(item, "content", index, text(value, "delta"), out)

    def _thought_done(self, value: _Values, out: Out) -> None:
        item = self._item(value, "reasoning", out)
        if item is not None:
            index = _index(value, "content_index")
            self._blocks.fill_reasoning(item, "content", index, text(value, "text"), out)

    def _arguments_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "function_call", out)
        if item is not None:
            self._blocks.arguments(item, text(value, "delta"), out)

    def _input_delta(self, value: _Values, out: Out) -> None:
        item = self._item(value, "custom_tool_call", out)
        if item is not None:
            self._blocks.arguments(item, text(value, "delta"), out)

    def _item_added(self, value: _Values, out: Out) -> None:
        native = fields(value, "item")
        index = value.get("output_index")
        place = index if isinstance(index, int) else None
        if not native or place in self._items:
            return
        item = self._add(place, native, out)
        if item.kind in items.CALLS and text(native, "name"):
            self._blocks.start_call(item, native, out)

    def _item_done(self, value: _Values, out: Out) -> None:
        native = fields(value, "item")
        if native:
            index = value.get("output_index")
            self._settle(index if isinstance(index, int) else None, native, out)

    def _finish(self, value: _Values, out: Out) -> None:
        response = fields(value, "response")
        self._begin(value, out)
        fault = endings.failure(response)
        if fault is not None:
            self._fail(fault, out)
            return
        for index, native in enumerate(objects(response, "output")):
            self._settle(index, native, out)
        for item in self._items.values():
            if item.blocks or item.held_arguments or item.kind not in _SPEAK_LATE:
                self._blocks.finish(item, item.native, out)
        usage = read_usage(response.get("usage"))
        if usage is not None:
            out.append(ev.UsageReported(usage))
        if value.get("type") == "response.incomplete":
            response = {**response, "status": "incomplete"}
        finish = endings.read_finish(response, self._blocks.tool_called, self._blocks.refused)
        extras = endings.finish_extras(response)
        out.append(ev.Finished(finish.reason, native=finish.native, extras=extras))
        self.finished = self.terminated = True

    def _failed(self, value: _Values, out: Out) -> None:
        response = fields(value, "response")
        usage = read_usage(response.get("usage"))
        if usage is not None and self._started:
            out.append(ev.UsageReported(usage))
        self._fail(endings.failure(response) or fault_in_band(response.get("error")), out)

    def _error(self, value: _Values, out: Out) -> None:
        self._fail(fault_in_band(value), out)

    def _fail(self, fault: Fault, out: Out) -> None:
        self.terminated = True
        out.append(ev.Failed(fault))

    def _item(self, value: _Values, kind: str, out: Out) -> OpenItem | None:
        """The item that an event speaks of: by its index, else by its id, else a new one.

        None where that item is over.
        """
        index = value.get("output_index")
        item = self._items.get(index) if isinstance(index, int) else None
        if item is None or item.kind != kind:
            item = self._other(index, text(value, "item_id"), kind, out)
        return None if item.done else item

    def _other(self, index: Any, id_: str, kind: str, out: Out) -> OpenItem:
        known = self._by_id.get((kind, id_))
        if known is None and not isinstance(index, int):
            known = self._latest.get(kind)
        if known is not None:
            return known
        place = index if isinstance(index, int) else None
        return self._add(place, {"type": kind, **({"id": id_} if id_ else {})}, out)

    def _settle(self, index: int | None, native: _Values, out: Out) -> None:
        """Finishes the item that `native` is the whole of, new or begun."""
        kind = text(native, "type")
        item = self._by_id.get((kind, text(native, "id")))
        if item is None and index is not None:
            at_place = self._items.get(index)
            item = at_place if at_place is not None and at_place.kind == kind else None
        if item is None:
            item = self._add(index, native, out)
        self._blocks.finish(item, native, out)

    def _add(self, index: int | None, native: _Values, out: Out) -> OpenItem:
        if len(self._items) >= MOST_ITEMS:
            raise StreamBroken(f"more than {MOST_ITEMS} items in one reply")
        self._begin({}, out)
        kind, id_ = text(native, "type"), text(native, "id")
        item = OpenItem(kind, native)
        free = index is not None and index not in self._items
        self._items[index if free and index is not None else -1 - len(self._items)] = item
        self._latest[kind] = item
        if id_:
            self._by_id[kind, id_] = item
        return item


def _index(value: _Values, key: str) -> int:
    """The number of a part in its item; bounded, since each is remembered."""
    index = value.get(key)
    return min(index, MOST_ITEMS) if isinstance(index, int) and index > 0 else 0


_SLOTS = {"output_text": "text", "text": "text", "refusal": "refusal"}

_SPEAK_LATE = frozenset({"message", "reasoning", *items.CALLS})
"""Items of which nothing was heard but that they began say nothing at the end either."""

_HANDLERS: Mapping[str, Callable[[ResponsesReader, _Values, Out], None]] = {
    "response.created": ResponsesReader._begin,
    "response.queued": ResponsesReader._begin,
    "response.in_progress": ResponsesReader._begin,
    "response.output_item.added": ResponsesReader._item_added,
    "response.output_item.done": ResponsesReader._item_done,
    "response.content_part.done": ResponsesReader._part_done,
    "response.output_text.delta": ResponsesReader._text_delta,
    "response.output_text.done": ResponsesReader._text_done,
    "response.output_text.annotation.added": ResponsesReader._annotation,
    "response.refusal.delta": ResponsesReader._refusal_delta,
    "response.refusal.done": ResponsesReader._refusal_done,
    "response.reasoning_summary_text.delta": ResponsesReader._summary_delta,
    "response.reasoning_summary_text.done": ResponsesReader._summary_done,
    "response.reasoning_text.delta": ResponsesReader._thought_delta,
    "response.reasoning_text.done": ResponsesReader._thought_done,
    "response.reasoning.delta": ResponsesReader._thought_delta,
    "response.reasoning.done": ResponsesReader._thought_done,
    "response.function_call_arguments.delta": ResponsesReader._arguments_delta,
    "response.custom_tool_call_input.delta": ResponsesReader._input_delta,
    "response.completed": ResponsesReader._finish,
    "response.incomplete": ResponsesReader._finish,
    "response.failed": ResponsesReader._failed,
    "response.cancelled": ResponsesReader._failed,
    "error": ResponsesReader._error,
}
