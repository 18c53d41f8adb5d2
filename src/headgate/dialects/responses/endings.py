"""How a response ends: its status and the hub's reasons, both ways."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.responses.errors import fault_in_band
from headgate.dialects.responses.notes import NAME, without
from headgate.model.events import Finished
from headgate.model.fault import Fault
from headgate.model.finish import FinishReason, settle
from headgate.wire.json_fields import fields, text

OWN_FIELDS = ("id", "model", "created_at", "status", "output", "usage", "error", "object")
"""The fields of a response that the hub has words for."""

_INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "length": "length",
    "content_filter": "filtered",
}

_REASONS: Mapping[FinishReason, str] = {
    "length": "max_output_tokens",
    "context_full": "max_output_tokens",
    "filtered": "content_filter",
    "refusal": "content_filter",
}

GOING_ON = frozenset({"in_progress", "queued"})
"""The statuses of a response that its backend goes on with in the background."""

_FAILED = frozenset({"failed", "cancelled"})


def failure(response: Mapping[str, Any]) -> Fault | None:
    """The fault that a response reports instead of an answer."""
    if text(response, "status") in _FAILED or response.get("error"):
        if text(response, "status") == "cancelled" and not response.get("error"):
            return Fault(
                kind="upstream_error", message="The response was cancelled.", origin="upstream"
            )
        return fault_in_band(response.get("error"))
    return None


def read_finish(response: Mapping[str, Any], tool_called: bool, refused: bool) -> Finished:
    """Why a response that did not fail ended."""
    status = text(response, "status") or "completed"
    why = text(fields(response, "incomplete_details"), "reason")
    reason: FinishReason = "end"
    if status == "incomplete":
        reason = _INCOMPLETE.get(why, "unknown") if why else "length"
    elif status in GOING_ON:
        reason = "unknown"
    elif refused:
        reason = "refusal"
    return Finished(settle(reason, tool_called), native=why or status)


def finish_extras(response: Mapping[str, Any]) -> dict[str, Any]:
    """What a response says of itself beside its answer, as bookkeeping."""
    return {NAME: without(response, *OWN_FIELDS)}


def write_status(finish: Finished | None, refusal_written: bool) -> tuple[str, str | None]:
    """The status of a response and the reason of an incomplete one.

    A refusal in the model's own words is a whole answer; without words it is a filter's.
    """
    if finish is None:
        return "completed", None
    if finish.reason == "broken_tool_call":
        return "failed", None
    if finish.reason == "refusal" and refusal_written:
        return "completed", None
    why = _REASONS.get(finish.reason)
    return ("incomplete", why) if why else ("completed", None)
