"""One assistant message as the parts of a ``model`` content, signatures in their places."""

from typing import Any

import msgspec

from headgate.dialects.destination import Destination
from headgate.dialects.gemini.media_write import write_audio, write_document, write_image
from headgate.dialects.gemini.thinking import is_gemini_3
from headgate.dialects.losses import Losses
from headgate.model.parts import (
    Audio,
    Document,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Vendor,
)
from headgate.model.tool_names import ToolNames
from headgate.wire import json_text

BYPASS = "skip_thought_signature_validator"
"""Google's documented value for calls that another model made (ai.google.dev, Thought signatures:
history from other models)."""


class Call(msgspec.Struct, frozen=True):
    """A call that awaits its response: the caller's id, and name and id as they travel."""

    id: str
    name: str
    wire_id: str


def write_turn(
    parts: tuple[Part, ...], destination: Destination, names: ToolNames, losses: Losses
) -> tuple[list[dict[str, Any]], list[Call]]:
    """The parts and the calls among them."""
    turn = _Turn(destination, names, losses)
    for part in parts:
        turn.add(part)
    return turn.close(), turn.calls


class _Turn:
    """A state before a part is that part's signature; one that nothing follows has a part of its
    own. State of another vendor, and thoughts without state, are left out."""

    def __init__(self, destination: Destination, names: ToolNames, losses: Losses) -> None:
        self.calls: list[Call] = []
        self._parts: list[dict[str, Any]] = []
        self._signature: str | None = None
        self._destination = destination
        self._names = names
        self._losses = losses

    def add(self, part: Part) -> None:  # noqa: C901 - one arm a part
        field = self._losses.name("messages")
        match part:
            case Reasoning():
                self._think(part)
            case Text(text=text, extras=extras):
                self._losses.add_extras("messages", extras)
                if text:
                    self._put({"text": text})
            case Refusal(text=text):
                if text:
                    self._put({"text": text})
            case ToolCall():
                self._put(self._call(part))
            case Image():
                self._put(write_image(part, self._destination, field))
            case Document():
                for written in write_document(part, field):
                    self._put(written)
            case Audio():
                self._put(write_audio(part, field))
            case Vendor(dialect="gemini", payload=payload):
                self._put(dict(payload))
            case Vendor(kind=kind):
                self._losses.add("messages", kind)
            case _:
                pass

    def close(self) -> list[dict[str, Any]]:
        """All parts; the first call has a signature where the model demands one."""
        self._flush()
        if is_gemini_3(self._destination.abilities):
            first = next((part for part in self._parts if "functionCall" in part), None)
            if first is not None:
                first.setdefault("thoughtSignature", BYPASS)
        return self._parts

    def _think(self, part: Reasoning) -> None:
        state = part.state
        if state is None or state.issuer != self._destination.vendor:
            return
        self._flush()
        if part.text:
            self._parts.append({"text": part.text, "thought": True})
        self._signature = state.value

    def _put(self, written: dict[str, Any]) -> None:
        signature, self._signature = self._signature, None
        if signature is not None:
            written.setdefault("thoughtSignature", signature)
        self._parts.append(written)

    def _flush(self) -> None:
        if self._signature is not None:
            self._put({"text": ""})

    def _call(self, part: ToolCall) -> dict[str, Any]:
        name = self._names.wire(part.name, part.namespace)
        taken = {call.wire_id for call in self.calls}
        wire_id = part.id if part.id not in taken else f"{part.id}_{len(taken)}"
        self.calls.append(Call(part.id, name, wire_id))
        self._losses.add_extras("messages", part.extras)
        arguments = {"input": part.arguments} if part.custom else _arguments(part.arguments)
        return {"functionCall": {"id": wire_id, "name": name, "args": arguments}}


def _arguments(text: str) -> dict[str, Any]:
    """Arguments must be an object; what a model broke is kept as its words."""
    if not text.strip():
        return {}
    found = json_text.object_or_none(text)
    return {"_raw": text} if found is None else found
