"""Reads the frames of a Messages stream into its compact form: one choice, its blocks joined."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.pipeline.compact import Compact, CompactChoice, stop_text
from headgate.wire import json_fields, json_text, sse

Json = dict[str, Any]


def note(compact: Compact, frame: sse.Frame) -> None:
    """Adds one frame; what is no JSON object is counted only."""
    compact.data_frames += 1
    event = json_text.object_or_none(frame.data) or {}
    noted = _EVENTS.get(json_fields.text(event, "type"))
    if noted is not None:
        noted(compact, compact.choice(0), event)


def _message_start(compact: Compact, choice: CompactChoice, event: Json) -> None:
    message = json_fields.fields(event, "message")
    compact.introduce({**message, "object": message.get("type")})
    choice.role = json_fields.text(message, "role")
    _note_usage(compact, message)


def _block_start(compact: Compact, choice: CompactChoice, event: Json) -> None:
    block = json_fields.fields(event, "content_block")
    kind = json_fields.text(block, "type")
    if kind.endswith("tool_use"):
        call = compact.call(choice, json_fields.count(event, "index") or 0)
        call.id, call.type = json_fields.text(block, "id"), kind
        compact.keep(call.name, block.get("name"))
    compact.keep(choice.content, block.get("text"))
    compact.keep(choice.reasoning, block.get("thinking"))


def _block_delta(compact: Compact, choice: CompactChoice, event: Json) -> None:
    delta = json_fields.fields(event, "delta")
    compact.keep(choice.content, delta.get("text"))
    compact.keep(choice.reasoning, delta.get("thinking"))
    if "partial_json" in delta:
        call = compact.call(choice, json_fields.count(event, "index") or 0)
        compact.keep(call.arguments, delta["partial_json"])


def _message_delta(compact: Compact, choice: CompactChoice, event: Json) -> None:
    delta = json_fields.fields(event, "delta")
    for said, name in (("stop_reason", "finish_reason"), ("stop_sequence", "matched_stop")):
        if delta.get(said) is not None:
            choice.stops[name] = stop_text(delta[said])
    _note_usage(compact, event)


def _message_stop(compact: Compact, choice: CompactChoice, event: Json) -> None:
    compact.done = True


def _note_usage(compact: Compact, said: Json) -> None:
    usage = json_fields.fields(said, "usage")
    if usage:
        compact.usage = {**(compact.usage or {}), **usage}


_EVENTS: Mapping[str, Callable[[Compact, CompactChoice, Json], None]] = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "content_block_delta": _block_delta,
    "message_delta": _message_delta,
    "message_stop": _message_stop,
}
