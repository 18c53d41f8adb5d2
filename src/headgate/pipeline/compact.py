"""A stream as one short object: what was said, joined, and how many pieces it came in."""

from dataclasses import dataclass, field
from typing import Any, Literal

from headgate.wire import json_text

StreamDetail = Literal["compact", "raw", "both", "off"]
"""The form of a stream's body in the log."""

MOST_BYTES = 1024 * 1024
"""Of one body in the log."""

_OPENING_COST = 256
"""What a choice or a call costs before it says anything, so that empty ones are bounded too."""


@dataclass(slots=True)
class CompactCall:
    """One tool call."""

    id: str = ""
    type: str = ""
    name: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CompactChoice:
    """One answer of perhaps several. ``stops`` in the order of the format."""

    role: str = ""
    reasoning: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    calls: dict[int, CompactCall] = field(default_factory=dict)
    stops: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Compact:
    """What is known of a stream so far. ``room`` is how much text may still be kept."""

    id: str | None = None
    kind: str | None = None
    created: int | float | None = None
    model: str | None = None
    choices: dict[int, CompactChoice] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    network_chunks: int = 0
    data_frames: int = 0
    done: bool = False
    room: int = MOST_BYTES
    cut: bool = False

    def introduce(self, said: dict[str, Any], created: str = "created") -> None:
        """Notes who speaks: the first value of each field counts."""
        self.id = self.id or _text(said.get("id"))
        self.kind = self.kind or _text(said.get("object"))
        self.model = self.model or _text(said.get("model"))
        number = said.get(created)
        if self.created is None and isinstance(number, int | float):
            self.created = number

    def choice(self, index: int) -> CompactChoice:
        """The choice `index`, made at its first use."""
        if index not in self.choices and self._spend(_OPENING_COST):
            self.choices[index] = CompactChoice()
        return self.choices.get(index) or CompactChoice()

    def call(self, choice: CompactChoice, index: int) -> CompactCall:
        """The tool call `index` of `choice`, made at its first use."""
        if index not in choice.calls and self._spend(_OPENING_COST):
            choice.calls[index] = CompactCall()
        return choice.calls.get(index) or CompactCall()

    def keep(self, pieces: list[str], text: object) -> None:
        """Adds `text` to `pieces`, if it is text and there is room."""
        if isinstance(text, str) and text and self._spend(len(text)):
            pieces.append(text)

    def _spend(self, size: int) -> bool:
        self.cut = self.cut or size > self.room
        if not self.cut:
            self.room -= size
        return not self.cut


def stop_text(value: object) -> str:
    """A reason to stop as text: 106 is ``"106"``."""
    return value if isinstance(value, str) else json_text.encode_text(value)


def written(compact: Compact, format_: str) -> dict[str, Any]:
    """The object that the log keeps; what is empty is left out."""
    stream: dict[str, Any] = {
        "network_chunk_count": compact.network_chunks,
        "data_frame_count": compact.data_frames,
        "done": compact.done,
    }
    if compact.cut:
        stream["cut"] = True
    said: dict[str, Any] = {
        "format": format_,
        "id": compact.id,
        "object": compact.kind,
        "created": compact.created,
        "model": compact.model,
        "choices": [_choice(index, compact.choices[index]) for index in sorted(compact.choices)],
        "usage": compact.usage,
        "stream": stream,
    }
    return {name: value for name, value in said.items() if value is not None}


def _choice(index: int, choice: CompactChoice) -> dict[str, Any]:
    said = {
        "role": choice.role,
        "reasoning": "".join(choice.reasoning),
        "content": "".join(choice.content),
        "tool_calls": [_call(index, choice.calls[index]) for index in sorted(choice.calls)],
        **{
            name: choice.stops.get(name)
            for name in ("finish_reason", "stop_reason", "matched_stop")
        },
    }
    return {"index": index, **{name: value for name, value in said.items() if value}}


def _call(index: int, call: CompactCall) -> dict[str, Any]:
    function = {"name": "".join(call.name), "arguments": "".join(call.arguments)}
    said = {
        "id": call.id,
        "type": call.type,
        "function": {name: value for name, value in function.items() if value},
    }
    return {"index": index, **{name: value for name, value in said.items() if value}}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
