"""Reads the frames of a chat stream into its compact form."""

from typing import Any

from headgate.model.usage import Usage
from headgate.pipeline.compact import Compact, CompactChoice, stop_text
from headgate.wire import json_fields, json_text, sse

_STOPS = ("finish_reason", "stop_reason", "matched_stop")


def note(compact: Compact, frame: sse.Frame) -> None:
    """Adds one frame; what is no JSON object is counted only."""
    if frame.data.strip() == b"[DONE]":
        compact.done = True
        return
    compact.data_frames += 1
    chunk = json_text.object_or_none(frame.data)
    if chunk is None:
        return
    compact.introduce(chunk)
    compact.usage = json_fields.fields(chunk, "usage") or compact.usage
    for choice in json_fields.objects(chunk, "choices"):
        _note_choice(compact, choice)


def usage_of(usage: Usage) -> dict[str, int]:
    """Usage as a chat stream would say it, where the caller did not ask for it."""
    return {
        "prompt_tokens": usage.input_tokens or 0,
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": usage.total_tokens,
    }


def _note_choice(compact: Compact, said: dict[str, Any]) -> None:
    choice = compact.choice(json_fields.count(said, "index") or 0)
    delta = json_fields.fields(said, "delta")
    choice.role = choice.role or json_fields.text(delta, "role")
    compact.keep(choice.reasoning, delta.get("reasoning_content") or delta.get("reasoning"))
    compact.keep(choice.content, delta.get("content"))
    for position, call in enumerate(json_fields.objects(delta, "tool_calls")):
        _note_call(compact, choice, call, position)
    for name in _STOPS:
        if said.get(name) is not None:
            choice.stops[name] = stop_text(said[name])


def _note_call(
    compact: Compact, choice: CompactChoice, said: dict[str, Any], position: int
) -> None:
    index = json_fields.count(said, "index")
    call = compact.call(choice, position if index is None else index)
    call.id = call.id or json_fields.text(said, "id")
    call.type = call.type or json_fields.text(said, "type")
    function = json_fields.fields(said, "function")
    compact.keep(call.name, function.get("name"))
    compact.keep(call.arguments, function.get("arguments"))
