"""The open blocks of a stream that is read: what each becomes in the hub, delta by delta."""

from typing import Any

from headgate.dialects.destination import Source
from headgate.dialects.messages import signatures
from headgate.dialects.messages.citations import read_citation, read_citations
from headgate.dialects.messages.own import NAME, owned, without
from headgate.dialects.messages.reply_read import call_of
from headgate.model import events as ev
from headgate.model.custom_input import Unwrapper
from headgate.model.fault import StreamBroken
from headgate.model.parts import Vendor
from headgate.wire import json_fields, json_text

Json = dict[str, Any]
Out = list[ev.Event]

MOST_HELD = 64 * 1024 * 1024
"""Characters of one block that must be held until it is whole."""


class TextOpen:
    """Prose."""

    def __init__(self, key: int, block: Json, out: Out) -> None:
        self.key = key
        extras = owned(without(block, frozenset({"type", "text", "citations"})))
        out.append(ev.BlockStarted(key, ev.TextBlock(extras)))
        _say_text(key, json_fields.text(block, "text"), out)
        for citation in read_citations(block.get("citations")):
            out.append(ev.CitationAdded(key, citation))

    def add(self, kind: str, delta: Json, out: Out) -> None:
        """Takes a delta."""
        if kind == "text_delta":
            _say_text(self.key, json_fields.text(delta, "text"), out)
        elif kind == "citations_delta":
            citation = json_fields.fields(delta, "citation")
            if citation:
                out.append(ev.CitationAdded(self.key, read_citation(citation)))

    def end(self, out: Out) -> None:
        """The block is whole."""
        out.append(ev.BlockEnded(self.key))


class ThinkingOpen:
    """Thought and its signature."""

    def __init__(self, key: int, block: Json, vendor: str, out: Out) -> None:
        self.key = key
        self._vendor = vendor
        extras = owned(without(block, frozenset({"type", "thinking", "signature"})))
        out.append(ev.BlockStarted(key, ev.ReasoningBlock(extras=extras)))
        self._think(json_fields.text(block, "thinking"), out)
        self._sign(block, out)

    def add(self, kind: str, delta: Json, out: Out) -> None:
        """Takes a delta."""
        if kind == "thinking_delta":
            self._think(json_fields.text(delta, "thinking"), out)
        elif kind == "signature_delta":
            self._sign(delta, out)

    def end(self, out: Out) -> None:
        """The block is whole."""
        out.append(ev.BlockEnded(self.key))

    def _think(self, text: str, out: Out) -> None:
        if text:
            out.append(ev.ReasoningDelta(self.key, text))

    def _sign(self, holder: Json, out: Out) -> None:
        state = signatures.from_backend(holder.get("signature"), self._vendor, "signature")
        if state is not None:
            out.append(ev.StateAttached(self.key, state))


class CallOpen:
    """A call of the caller's tool. Some relays send the input with the start and no deltas."""

    def __init__(self, key: int, block: Json, source: Source, out: Out) -> None:
        self.key = key
        call = call_of(block, source)
        self._given = block.get("input")
        self._said = False
        self._unwrapper = Unwrapper() if call.custom else None
        opened = ev.ToolCallBlock(call.id, call.name, call.custom, call.namespace, call.extras)
        out.append(ev.BlockStarted(key, opened))

    def add(self, kind: str, delta: Json, out: Out) -> None:
        """Takes a delta."""
        if kind == "input_json_delta":
            self._say(json_fields.text(delta, "partial_json"), out)

    def end(self, out: Out) -> None:
        """The block is whole."""
        if not self._said and self._given:
            self._say(json_text.encode_text(self._given), out)
        if self._unwrapper is not None:
            self._emit(self._unwrapper.end(), out)
        out.append(ev.BlockEnded(self.key))

    def _say(self, text: str, out: Out) -> None:
        if text:
            self._said = True
            self._emit(text if self._unwrapper is None else self._unwrapper.feed(text), out)

    def _emit(self, text: str, out: Out) -> None:
        if text:
            out.append(ev.ArgumentsDelta(self.key, text))


class AnswerOpen:
    """A call of the tool that stands in for structured output: its arguments are the text."""

    def __init__(self, key: int, block: Json, out: Out) -> None:
        self.key = key
        self._given = block.get("input")
        self._said = False
        out.append(ev.BlockStarted(key, ev.TextBlock()))

    def add(self, kind: str, delta: Json, out: Out) -> None:
        """Takes a delta."""
        text = json_fields.text(delta, "partial_json")
        if kind == "input_json_delta" and text:
            self._said = True
            out.append(ev.TextDelta(self.key, text))

    def end(self, out: Out) -> None:
        """The block is whole."""
        if not self._said and isinstance(self._given, dict):
            out.append(ev.TextDelta(self.key, json_text.encode_text(self._given)))
        out.append(ev.BlockEnded(self.key))


class WholeOpen:
    """A block that only this dialect knows: its deltas are laid over its start."""

    def __init__(self, key: int, block: Json) -> None:
        self.key = key
        self._block = dict(block)
        self._input: list[str] = []
        self._held = 0

    def add(self, kind: str, delta: Json, out: Out) -> None:
        """Takes a delta. Raises StreamBroken where the block grows without end."""
        for field, value in delta.items():
            if field == "type":
                continue
            self._held += len(value) if isinstance(value, str) else 1
            if field == "partial_json" and isinstance(value, str):
                self._input.append(value)
            else:
                self._lay(field, value)
        if self._held > MOST_HELD:
            raise StreamBroken(f"a content block is larger than {MOST_HELD} characters")

    def end(self, out: Out) -> None:
        """The block is whole. An input whose JSON its model broke stays text."""
        text = "".join(self._input)
        if text:
            value = json_text.object_or_none(text)
            self._block["input"] = text if value is None else value
        out.append(ev.PartAdded(Vendor(NAME, self._block)))

    def _lay(self, field: str, value: Any) -> None:
        before = self._block.get(field)
        if isinstance(before, str) and isinstance(value, str):
            value = before + value
        self._block[field] = value


Open = TextOpen | ThinkingOpen | CallOpen | AnswerOpen | WholeOpen


def open_block(key: int, block: Json, source: Source, out: Out) -> Open | None:
    """The block that `block` starts; None where it came whole with its start, or does not say
    what it is."""
    kind = json_fields.text(block, "type")
    if kind == "text":
        return TextOpen(key, block, out)
    if kind == "thinking":
        return ThinkingOpen(key, block, source.vendor, out)
    if kind == "redacted_thinking":
        _redacted(key, block, source, out)
        return None
    if kind == "tool_use":
        if source.schema_tool is not None and block.get("name") == source.schema_tool:
            return AnswerOpen(key, block, out)
        return CallOpen(key, block, source, out)
    return WholeOpen(key, block) if kind else None


def implied(kind: str) -> Json | None:
    """The start that a delta without one must have had; None where it cannot be told."""
    if kind in ("text_delta", "citations_delta"):
        return {"type": "text"}
    if kind in ("thinking_delta", "signature_delta"):
        return {"type": "thinking"}
    return None


def _redacted(key: int, block: Json, source: Source, out: Out) -> None:
    state = signatures.from_backend(block.get("data"), source.vendor, "redacted")
    extras = owned(without(block, frozenset({"type", "data"})))
    out.append(ev.BlockStarted(key, ev.ReasoningBlock(extras=extras)))
    if state is not None:
        out.append(ev.StateAttached(key, state))
    out.append(ev.BlockEnded(key))


def _say_text(key: int, text: str, out: Out) -> None:
    if text:
        out.append(ev.TextDelta(key, text))
