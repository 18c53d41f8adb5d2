"""Stop reasons, ours and the messages dialect's."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.messages.own import is_own, own, owned
from headgate.model.events import Finished
from headgate.model.finish import FinishReason, settle
from headgate.model.parts import Extras

_READ: Mapping[str, FinishReason] = {
    "end_turn": "end",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "context_full",
    "tool_use": "tools",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "filtered",
}
"""A ``refusal`` is a classifier's verdict and not the model's words, hence ``filtered``."""

_WRITE: Mapping[FinishReason, str] = {
    "end": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "context_full": "model_context_window_exceeded",
    "tools": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "filtered": "refusal",
    "broken_tool_call": "end_turn",
    "unknown": "end_turn",
}


def read_finish(stop: Extras, tool_called: bool) -> Finished:
    """The finish in `stop`: ``stop_reason``, ``stop_sequence``, and what else stands beside them
    (``stop_details``, ``container`` …), which rides along for this dialect."""
    native = stop.get("stop_reason")
    sequence = stop.get("stop_sequence")
    reason = _READ.get(native, "unknown") if isinstance(native, str) else "unknown"
    details = stop.get("stop_details")
    explanation = details.get("explanation") if isinstance(details, dict) else None
    rest = {
        key: value for key, value in stop.items() if key not in ("stop_reason", "stop_sequence")
    }
    return Finished(
        settle(reason, tool_called),
        native=native if isinstance(native, str) else None,
        sequence=sequence if isinstance(sequence, str) else None,
        explanation=explanation if isinstance(explanation, str) else None,
        extras=owned(rest),
    )


def write_finish(finish: Finished | None, tool_called: bool) -> dict[str, Any]:
    """``stop_reason``, ``stop_sequence`` and what rode along; a reason is always told, since
    clients take a null for an unfinished reply."""
    if finish is None:
        return {"stop_reason": "tool_use" if tool_called else "end_turn", "stop_sequence": None}
    known = _stop_reason(finish)
    said: dict[str, Any] = {"stop_reason": known, "stop_sequence": None}
    if known == "stop_sequence":
        said["stop_sequence"] = finish.sequence
    said.update(own(finish.extras))
    if known == "refusal" and not isinstance(said.get("stop_details"), dict):
        said["stop_details"] = {
            "type": "refusal",
            "category": None,
            "explanation": finish.explanation,
        }
    return said


def _stop_reason(finish: Finished) -> str:
    native = finish.native
    if native is not None and _READ.get(native) == finish.reason:
        known = native
    elif finish.reason == "unknown" and native is not None and finish.extras is not None:
        # A word of this dialect that is newer than we are.
        return native if is_own(finish.extras) else _WRITE["unknown"]
    else:
        known = _WRITE[finish.reason]
    return "end_turn" if known == "stop_sequence" and finish.sequence is None else known
