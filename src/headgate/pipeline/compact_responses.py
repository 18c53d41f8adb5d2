"""Reads the frames of a Responses stream into its compact form: one choice, its items joined."""

from collections.abc import Callable, Mapping
from typing import Any

from headgate.pipeline.compact import Compact, CompactChoice, stop_text
from headgate.wire import json_fields, json_text, sse

Json = dict[str, Any]


def note(compact: Compact, frame: sse.Frame) -> None:
    """Adds one frame; what is no JSON object is counted only."""
    compact.data_frames += 1
    event = json_text.object_or_none(frame.data) or {}
    kind = json_fields.text(event, "type")
    noted = _EVENTS.get(kind)
    if noted is not None:
        noted(compact, compact.choice(0), event)
    elif kind.startswith("response.") and "response" in event:
        compact.introduce(json_fields.fields(event, "response"), "created_at")


def _item_added(compact: Compact, choice: CompactChoice, event: Json) -> None:
    item = json_fields.fields(event, "item")
    choice.role = choice.role or json_fields.text(item, "role")
    kind = json_fields.text(item, "type")
    if kind.endswith("_call"):
        call = compact.call(choice, json_fields.count(event, "output_index") or 0)
        call.id = json_fields.text(item, "call_id") or json_fields.text(item, "id")
        call.type = kind
        compact.keep(call.name, item.get("name"))


def _said(compact: Compact, choice: CompactChoice, event: Json) -> None:
    compact.keep(choice.content, event.get("delta"))


def _thought(compact: Compact, choice: CompactChoice, event: Json) -> None:
    compact.keep(choice.reasoning, event.get("delta"))


def _called(compact: Compact, choice: CompactChoice, event: Json) -> None:
    call = compact.call(choice, json_fields.count(event, "output_index") or 0)
    compact.keep(call.arguments, event.get("delta"))


def _ended(compact: Compact, choice: CompactChoice, event: Json) -> None:
    response = json_fields.fields(event, "response")
    compact.introduce(response, "created_at")
    compact.done = True
    if response.get("status") is not None:
        choice.stops["finish_reason"] = stop_text(response["status"])
    reason = json_fields.fields(response, "incomplete_details").get("reason")
    if reason is not None:
        choice.stops["stop_reason"] = stop_text(reason)
    compact.usage = json_fields.fields(response, "usage") or compact.usage


_EVENTS: Mapping[str, Callable[[Compact, CompactChoice, Json], None]] = {
    "response.output_item.added": _item_added,
    "response.output_text.delta": _said,
    "response.refusal.delta": _said,
    "response.reasoning_text.delta": _thought,
    "response.reasoning_summary_text.delta": _thought,
    "response.function_call_arguments.delta": _called,
    "response.custom_tool_call_input.delta": _called,
    "response.completed": _ended,
    "response.incomplete": _ended,
    "response.failed": _ended,
}
