"""Output items of one stream while they are written, and the frames that tell them."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

from headgate.dialects.responses import opaque
from headgate.model.parts import Extras
from headgate.model.state import OpaqueState
from headgate.wire import json_text, sse

DELTAS: Mapping[str, str] = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "summary_text": "response.reasoning_summary_text",
    "reasoning_text": "response.reasoning_text",
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
}
"""The event family in which each kind of part is told."""

CALLS = frozenset({"function_call", "custom_tool_call"})
"""Kinds of items that are one part, which no event of its own begins or ends."""


class Frames:
    """Numbers the events of one stream from `first`, without gaps."""

    def __init__(self, first: int = 0) -> None:
        self.next_number = first

    def write(self, kind: str, /, **values: Any) -> bytes:
        """One event of type `kind`."""
        payload = {"type": kind, **values, "sequence_number": self.next_number}
        self.next_number += 1
        return sse.write(json_text.encode(payload), kind)

    def begin_part(self, part: "OpenPart") -> bytes:
        """A part was added to its item."""
        if part.kind in CALLS:
            return b""
        added = "response.content_part.added"
        if part.kind == "summary_text":
            added = "response.reasoning_summary_part.added"
        return self.write(added, **part.place(), part=part.content())

    def end_part(self, part: "OpenPart") -> bytes:
        """A part is whole: its text once more, then the part itself."""
        out = self.write(f"{DELTAS[part.kind]}.done", **part.place(), **part.whole())
        if part.kind in CALLS:
            return out
        done = "response.content_part.done"
        if part.kind == "summary_text":
            done = "response.reasoning_summary_part.done"
        return out + self.write(done, **part.place(), part=part.content())

    def write_delta(self, head: bytes, text: str) -> bytes:
        """One delta event that begins with `head`, made by `delta_head`."""
        number = self.next_number
        self.next_number = number + 1
        return b'%b%b,"sequence_number":%d}\n\n' % (head, json_text.encode(text), number)


@dataclass(slots=True)
class OpenPart:
    """One part of an item: a text, a refusal, a thought, a call's arguments. ``head`` is the
    unchanging start of its delta events, up to the delta itself. It knows its item by place and
    name alone: items hold their parts, and both should go when nobody needs them."""

    item: InitVar["OpenOutput"]
    kind: str
    index: int
    item_id: str = ""
    item_index: int = 0
    called: str = ""
    head: bytes = b""
    texts: list[str] = field(default_factory=list)
    logprobs: list[Extras] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    open: bool = True

    @property
    def text(self) -> str:
        """All that was said so far."""
        return "".join(self.texts)

    def __post_init__(self, item: "OpenOutput") -> None:
        self.item_id, self.item_index = item.id, item.index
        self.called = item.head.get("name", "")
        kind = f"{DELTAS[self.kind]}.delta"
        beside: dict[str, Any] = {"logprobs": []} if self.kind == "output_text" else {}
        start = json_text.encode({"type": kind, **self.place(), **beside})[:-1]
        self.head = b"event: " + kind.encode() + b"\ndata: " + start + b',"delta":'

    def place(self) -> dict[str, Any]:
        """Where the part is, as every event about it says."""
        place: dict[str, Any] = {"item_id": self.item_id, "output_index": self.item_index}
        if self.kind in CALLS:
            return place
        place["summary_index" if self.kind == "summary_text" else "content_index"] = self.index
        return place

    def whole(self) -> dict[str, Any]:
        """All that was said, under the key of the part's ``done`` event."""
        match self.kind:
            case "output_text":
                return {"text": self.text, "logprobs": self.logprobs}
            case "refusal":
                return {"refusal": self.text}
            case "function_call":
                return {"name": self.called, "arguments": self.text}
            case "custom_tool_call":
                return {"input": self.text}
            case _:
                return {"text": self.text}

    def content(self) -> dict[str, Any]:
        """The part as its item shows it."""
        match self.kind:
            case "output_text":
                said = {"text": self.text, "annotations": self.annotations}
                return {"type": "output_text", **said, "logprobs": self.logprobs}
            case "refusal":
                return {"type": "refusal", "refusal": self.text}
            case _:
                return {"type": self.kind, "text": self.text}


@dataclass(slots=True)
class OpenOutput:
    """One output item. ``note`` is the bookkeeping that the backend of this dialect sent, ``head``
    the fields that stand from the start; ``final`` the item once it is done."""

    index: int
    id: str
    kind: str
    head: Mapping[str, Any]
    note: Mapping[str, Any]
    parts: list[OpenPart] = field(default_factory=list)
    state: OpaqueState | None = None
    final: dict[str, Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether a part of it is still being said."""
        return any(part.open for part in self.parts)

    def begun(self) -> dict[str, Any]:
        """The item as its first event shows it."""
        return self._item("in_progress", empty=True)

    def ended(self, status: str) -> dict[str, Any]:
        """The item as its last event and the whole response show it."""
        item = self._item(status, empty=False)
        if self.state is not None:
            item["encrypted_content"] = opaque.for_caller(self.state)
        return item

    def _item(self, status: str, empty: bool) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.id, "type": self.kind, **self.note, **self.head}
        if self.kind != "reasoning":
            item["status"] = status
        parts = [] if empty else self.parts
        match self.kind:
            case "message":
                item["content"] = [part.content() for part in parts]
            case "reasoning":
                thoughts = [part.content() for part in parts]
                item["summary"] = [part for part in thoughts if part["type"] == "summary_text"]
                if any(part["type"] == "reasoning_text" for part in thoughts):
                    item["content"] = [p for p in thoughts if p["type"] == "reasoning_text"]
            case "custom_tool_call":
                item["input"] = "".join(part.text for part in parts)
            case _:
                item["arguments"] = "".join(part.text for part in parts)
        return item
