"""Why a Converse reply ended, in the hub's words."""

from typing import Any

from headgate.model.events import Finished
from headgate.model.finish import FinishReason, settle
from headgate.wire.json_fields import fields, text

_REASONS: dict[str, FinishReason] = {
    "end_turn": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "filtered",
    "content_filtered": "filtered",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context_full",
    "malformed_model_output": "unknown",
    "malformed_tool_use": "broken_tool_call",
}


def read_finish(stop: dict[str, Any], tool_called: bool) -> Finished:
    """The finish in ``messageStop`` or in a whole reply, which name it alike."""
    native = text(stop, "stopReason")
    more = fields(stop, "additionalModelResponseFields")
    sequence = text(more, "stop_sequence") or text(fields(more, "delta"), "stop_sequence")
    return Finished(
        settle(_REASONS.get(native, "unknown"), tool_called),
        native=native or None,
        sequence=sequence or None,
        extras=more or None,
    )
