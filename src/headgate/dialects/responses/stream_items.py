"""Output items of one stream while they arrive, and the blocks that they become."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.responses import items, opaque
from headgate.dialects.responses.content_read import read_annotation
from headgate.dialects.responses.notes import extras_of, without
from headgate.dialects.responses.reply_read import as_the_caller_calls_it
from headgate.model import events as ev
from headgate.model.custom_input import Unwrapper
from headgate.model.fault import StreamBroken
from headgate.wire import sse
from headgate.wire.json_fields import objects, text

_NOT_NOTED = (
    "type",
    "role",
    "status",
    "content",
    "summary",
    "encrypted_content",
    "call_id",
    "name",
    "namespace",
    "arguments",
    "input",
)

MOST_BLOCKS = 100_000
"""Parts of one reply; more is no reply."""

Out = list[ev.Event]


@dataclass(slots=True)
class OpenBlock:
    """A block and which of the native parts in it have said something."""

    key: int
    open: bool = True
    said: set[int] = field(default_factory=set)
    annotations: int = 0


@dataclass(slots=True)
class OpenItem:
    """One output item: its blocks by kind and native index."""

    kind: str
    native: Mapping[str, Any]
    done: bool = False
    blocks: dict[tuple[str, int], OpenBlock] = field(default_factory=dict)
    held_arguments: list[str] = field(default_factory=list)
    held_size: int = 0
    unwrapper: Unwrapper | None = None


class Blocks:
    """Turns what arrives for an item into events; every block gets a key of its own."""

    def __init__(self, source: Source) -> None:
        self.tool_called = False
        self.refused = False
        self._source = source
        self._next_key = 0

    def text(
        self, item: OpenItem, index: int, text: str, logprobs: tuple[Any, ...] | None, out: Out
    ) -> None:
        """More text of a message's part."""
        block = item.blocks.get(("text", index))
        if block is None:
            block = self._open(item, ("text", index), ev.TextBlock(_note(item)), out)
        if block.open and (text or logprobs):
            block.said.add(index)
            out.append(ev.TextDelta(block.key, text, logprobs))

    def refusal(self, item: OpenItem, index: int, text: str, out: Out) -> None:
        """More of a refusal part."""
        block = item.blocks.get(("refusal", index))
        if block is None:
            self.refused = True
            block = self._open(item, ("refusal", index), ev.RefusalBlock(), out)
        if block.open and text:
            block.said.add(index)
            out.append(ev.RefusalDelta(block.key, text))

    def annotation(self, item: OpenItem, index: int, native: Mapping[str, Any], out: Out) -> None:
        """A source of the text so far."""
        if not text(native, "type"):
            return
        self.text(item, index, "", None, out)
        block = item.blocks["text", index]
        if block.open:
            block.annotations += 1
            out.append(ev.CitationAdded(block.key, read_annotation(native)))

    def reasoning(self, item: OpenItem, slot: str, index: int, text: str, out: Out) -> None:
        """More thought: `slot` is ``summary`` or ``content``, whose parts are one block."""
        if not text:
            return
        block = self._thought(item, slot, out)
        if not block.open:
            return
        if index not in block.said:
            text = f"\n\n{text}" if block.said else text
            block.said.add(index)
        out.append(ev.ReasoningDelta(block.key, text))

    def start_call(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        """Starts the call's block once its name is known."""
        if ("call", 0) in item.blocks:
            return
        call = items.read_call({**item.native, **native, "type": item.kind})
        known = as_the_caller_calls_it(call, self._source)
        if known.custom and not call.custom:
            item.unwrapper = Unwrapper()
        self.tool_called = True
        block = ev.ToolCallBlock(known.id, known.name, known.custom, known.namespace, _note(item))
        self._open(item, ("call", 0), block, out)
        for held in item.held_arguments:
            self.arguments(item, held, out)
        item.held_arguments.clear()

    def arguments(self, item: OpenItem, text: str, out: Out) -> None:
        """More of a call's arguments; held where the call has not said its name yet."""
        block = item.blocks.get(("call", 0))
        if block is None:
            item.held_arguments.append(text)
            item.held_size += len(text)
            if item.held_size > sse.MAX_FRAME:
                raise StreamBroken("a call never says its name")
            return
        if not block.open or not text:
            return
        block.said.add(0)
        if item.unwrapper is not None:
            text = item.unwrapper.feed(text)
        if text:
            out.append(ev.ArgumentsDelta(block.key, text))

    def end_part(self, item: OpenItem, slot: str, index: int, out: Out) -> None:
        """Ends the block of a message's part."""
        block = item.blocks.get((slot, index))
        if block is not None and block.open:
            block.open = False
            out.append(ev.BlockEnded(block.key))

    def finish(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        """Says what of the whole item `native` was not said before, and ends its blocks."""
        if item.done:
            return
        item.done = True
        if item.kind == "message":
            self._finish_message(item, native, out)
        elif item.kind == "reasoning":
            self._finish_reasoning(item, native, out)
        elif item.kind in items.CALLS:
            self._finish_call(item, native, out)
        elif item.kind:
            out.append(ev.PartAdded(items.read_whole(native)))
        for slot, index in item.blocks:
            self.end_part(item, slot, index, out)

    def fill_text(self, item: OpenItem, index: int, part: Mapping[str, Any], out: Out) -> None:
        """The text and annotations of a whole part, as far as they were not said before."""
        block = item.blocks.get(("text", index))
        if block is None or not block.said:
            logprobs = tuple(objects(part, "logprobs")) or None
            self.text(item, index, text(part, "text"), logprobs, out)
        said = item.blocks["text", index].annotations
        for native in objects(part, "annotations")[said:]:
            self.annotation(item, index, native, out)

    def fill_refusal(self, item: OpenItem, index: int, part: Mapping[str, Any], out: Out) -> None:
        """The words of a whole refusal part, if none were said before."""
        block = item.blocks.get(("refusal", index))
        if block is None or not block.said:
            self.refusal(item, index, text(part, "refusal"), out)

    def fill_reasoning(self, item: OpenItem, slot: str, index: int, whole: str, out: Out) -> None:
        """A whole part of a thought, if nothing of it was said before."""
        block = item.blocks.get((slot, 0))
        if block is None or index not in block.said:
            self.reasoning(item, slot, index, whole, out)

    def fill_arguments(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        """The whole arguments, if none were said before (some servers send no deltas)."""
        block = item.blocks.get(("call", 0))
        if item.held_arguments or (block is not None and block.said):
            return
        call = items.read_call({**item.native, **native, "type": item.kind})
        if call.arguments not in ("", "{}"):
            self.arguments(item, call.arguments, out)

    def _finish_message(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        for index, part in enumerate(objects(native, "content")):
            if part.get("type") == "refusal":
                self.fill_refusal(item, index, part, out)
            elif "text" in part:
                self.fill_text(item, index, part, out)

    def _finish_reasoning(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        for slot in ("summary", "content"):
            for index, part in enumerate(objects(native, slot)):
                self.fill_reasoning(item, slot, index, text(part, "text"), out)
        encrypted = text(native, "encrypted_content")
        block = next(reversed(item.blocks.values()), None) or self._thought(item, "summary", out)
        if encrypted:
            id_ = text(native, "id") or text(item.native, "id") or None
            state = opaque.from_backend(encrypted, self._source.vendor, id_)
            out.append(ev.StateAttached(block.key, state))

    def _finish_call(self, item: OpenItem, native: Mapping[str, Any], out: Out) -> None:
        self.fill_arguments(item, native, out)
        self.start_call(item, native, out)
        rest = item.unwrapper.end() if item.unwrapper is not None else ""
        if rest:
            out.append(ev.ArgumentsDelta(item.blocks["call", 0].key, rest))

    def _thought(self, item: OpenItem, slot: str, out: Out) -> OpenBlock:
        block = item.blocks.get((slot, 0))
        if block is None:
            thought = ev.ReasoningBlock(slot == "summary", _note(item))
            block = self._open(item, (slot, 0), thought, out)
        return block

    def _open(self, item: OpenItem, place: tuple[str, int], block: ev.Block, out: Out) -> OpenBlock:
        key = self._next_key
        if key >= MOST_BLOCKS:
            raise StreamBroken(f"more than {MOST_BLOCKS} parts in one reply")
        self._next_key += 1
        out.append(ev.BlockStarted(key, block))
        item.blocks[place] = opened = OpenBlock(key)
        return opened


def _note(item: OpenItem) -> Any:
    return extras_of(without(item.native, *_NOT_NOTED))
