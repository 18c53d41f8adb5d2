"""Converse stream events to hub events: the meaning of a reply, streamed or whole."""

import hashlib
from collections.abc import Callable
from typing import Any

from headgate.dialects.converse.block import OpenBlock
from headgate.dialects.converse.citations import read_citation
from headgate.dialects.converse.ending import read_finish
from headgate.dialects.converse.usage import read_usage
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.custom_input import Unwrapper
from headgate.model.fault import StreamBroken
from headgate.model.media import inline
from headgate.model.parts import Image, Part, Vendor
from headgate.model.request import ToolRef
from headgate.model.state import OpaqueState, StateKind
from headgate.wire import json_text, sse
from headgate.wire.json_fields import count, fields, text

MOST_OPEN = 256


class Assembly:
    """Takes the events of one reply in order.

    Text and reasoning blocks have no start event, so that the first delta opens them; a block of
    another kind at a used index is a new block.
    """

    def __init__(self, source: Source) -> None:
        self.finished = False
        self.complete = False
        self._source = source
        self._out: list[ev.Event] = []
        self._open: dict[int, OpenBlock] = {}
        self._next_key = 0
        self._called = False
        self._started = False
        self._takers: dict[str, Callable[[dict[str, Any]], None]] = {
            "messageStart": self._start_message,
            "contentBlockStart": self._start_block,
            "contentBlockDelta": self._add_delta,
            "contentBlockStop": self._stop_block,
            "messageStop": self._stop_message,
            "metadata": self._add_metadata,
        }

    def take(self, kind: str, payload: dict[str, Any]) -> list[ev.Event]:
        """The hub events in one event; events of no known kind have none."""
        taker = self._takers.get(kind)
        if taker is not None and not (self.finished and kind != "metadata"):
            if not self._started:
                self._start_message(payload)
            taker(payload)
        out, self._out = self._out, []
        return out

    def _start_message(self, payload: dict[str, Any]) -> None:
        if not self._started:
            self._started = True
            self._out.append(ev.Started())

    def _start_block(self, payload: dict[str, Any]) -> None:
        index = count(payload, "contentBlockIndex") or 0
        start = fields(payload, "start")
        self._close(index)
        call = fields(start, "toolUse")
        if call and not text(call, "type"):
            self._start_call(index, call)
        elif start:
            self._hold(index, start)

    def _start_call(self, index: int, call: dict[str, Any]) -> None:
        name = text(call, "name")
        if name == self._source.schema_tool:
            self._begin(index, "schema", ev.TextBlock())
            return
        if self._called and self._source.one_tool_call:
            self._remember(index, OpenBlock(-1, "skipped"))
            return
        self._called = True
        ref = self._source.tools.get(name) or ToolRef(name)
        id_ = text(call, "toolUseId") or _made_id(index, call)
        opened = self._begin(
            index, "call", ev.ToolCallBlock(id_, ref.name, ref.custom, ref.namespace)
        )
        opened.unwrapper = Unwrapper() if ref.custom else None

    def _add_delta(self, payload: dict[str, Any]) -> None:
        index = count(payload, "contentBlockIndex") or 0
        delta = fields(payload, "delta")
        words = delta.get("text")
        if isinstance(words, str):
            self._add_text(index, words)
        elif "toolUse" in delta:
            self._add_input(index, delta)
        elif "reasoningContent" in delta:
            self._add_reasoning(index, fields(delta, "reasoningContent"))
        elif "citation" in delta:
            key = self._block(index, "text", ev.TextBlock()).key
            self._out.append(ev.CitationAdded(key, read_citation(fields(delta, "citation"))))
        elif index in self._open and self._open[index].kind == "held":
            self._keep(self._open[index], delta)

    def _add_text(self, index: int, words: str) -> None:
        if words:
            key = self._block(index, "text", ev.TextBlock()).key
            self._out.append(ev.TextDelta(key, words))

    def _add_input(self, index: int, delta: dict[str, Any]) -> None:
        opened = self._open.get(index)
        words = text(fields(delta, "toolUse"), "input")
        if opened is None or not words:
            return
        if opened.kind == "schema":
            self._out.append(ev.TextDelta(opened.key, words))
        elif opened.kind == "call":
            opened.filled = True
            piece = opened.unwrapper.feed(words) if opened.unwrapper else words
            if piece:
                self._out.append(ev.ArgumentsDelta(opened.key, piece))
        elif opened.kind == "held":
            self._keep(opened, delta)

    def _add_reasoning(self, index: int, reasoning: dict[str, Any]) -> None:
        if not any(text(reasoning, key) for key in ("text", "signature", "redactedContent")):
            return
        key = self._block(index, "reasoning", ev.ReasoningBlock()).key
        if text(reasoning, "text"):
            self._out.append(ev.ReasoningDelta(key, text(reasoning, "text")))
        states: tuple[tuple[str, StateKind], ...] = (
            ("signature", "signature"),
            ("redactedContent", "redacted"),
        )
        for field, kind in states:
            if text(reasoning, field):
                state = OpaqueState(self._source.vendor, text(reasoning, field), kind)
                self._out.append(ev.StateAttached(key, state))

    def _stop_block(self, payload: dict[str, Any]) -> None:
        self._close(count(payload, "contentBlockIndex") or 0)

    def _stop_message(self, payload: dict[str, Any]) -> None:
        for index in list(self._open):
            self._close(index)
        self.finished = True
        self._out.append(read_finish(payload, self._called))

    def _add_metadata(self, payload: dict[str, Any]) -> None:
        usage = read_usage(fields(payload, "usage"))
        if usage is not None:
            self._out.append(ev.UsageReported(usage))
        self.complete = self.finished

    def _block(self, index: int, kind: str, block: ev.Block) -> OpenBlock:
        opened = self._open.get(index)
        if opened is not None and opened.kind == kind:
            return opened
        self._close(index)
        return self._begin(index, kind, block)

    def _begin(self, index: int, kind: str, block: ev.Block) -> OpenBlock:
        opened = OpenBlock(self._next_key, kind)
        self._next_key += 1
        self._remember(index, opened)
        self._out.append(ev.BlockStarted(opened.key, block))
        return opened

    def _hold(self, index: int, start: dict[str, Any]) -> None:
        opened = OpenBlock(-1, "held")
        self._remember(index, opened)
        self._keep(opened, start)

    def _keep(self, opened: OpenBlock, piece: dict[str, Any]) -> None:
        opened.size += len(json_text.encode(piece))
        if opened.size > sse.MAX_FRAME:
            raise StreamBroken(f"one block is larger than {sse.MAX_FRAME} bytes")
        opened.pieces.append(piece)

    def _remember(self, index: int, opened: OpenBlock) -> None:
        if len(self._open) >= MOST_OPEN:
            raise StreamBroken(f"more than {MOST_OPEN} blocks are open at once")
        self._open[index] = opened

    def _close(self, index: int) -> None:
        opened = self._open.pop(index, None)
        if opened is None or opened.kind == "skipped":
            return
        if opened.kind == "held":
            self._out.append(ev.PartAdded(_whole(opened.pieces)))
            return
        if opened.kind == "call":
            rest = opened.unwrapper.end() if opened.unwrapper else "" if opened.filled else "{}"
            if rest:
                self._out.append(ev.ArgumentsDelta(opened.key, rest))
        self._out.append(ev.BlockEnded(opened.key))


def _whole(pieces: list[dict[str, Any]]) -> Part:
    """A block that came in pieces of no hub kind: a picture, else Bedrock's own object."""
    pictures = [fields(piece, "image") for piece in pieces]
    data = "".join(text(fields(picture, "source"), "bytes") for picture in pictures)
    if data:
        kind = next((text(each, "format") for each in pictures if text(each, "format")), "png")
        return Image(inline(f"image/{kind}", data))
    return Vendor("converse", {**pieces[0], "deltas": pieces[1:]} if pieces[1:] else pieces[0])


def _made_id(index: int, call: dict[str, Any]) -> str:
    digest = hashlib.blake2s(json_text.encode([index, call]), digest_size=8).hexdigest()
    return f"call_{digest}"
