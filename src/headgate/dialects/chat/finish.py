"""Finish reasons in both directions."""

from collections.abc import Mapping
from typing import Any

from headgate.dialects.chat.lenient import Json
from headgate.model.events import Finished
from headgate.model.finish import FinishReason, settle

_READ: Mapping[str, FinishReason] = {
    "stop": "end",
    "eos": "end",
    "end_turn": "end",
    "complete": "end",
    "completed": "end",
    "stop_sequence": "stop_sequence",
    "length": "length",
    "max_tokens": "length",
    "model_length": "context_full",
    "model_context_window_exceeded": "context_full",
    "tool_calls": "tools",
    "tool_call": "tools",
    "tool_use": "tools",
    "function_call": "tools",
    "content_filter": "filtered",
    "safety": "filtered",
    "refusal": "refusal",
}

_WRITTEN: Mapping[FinishReason, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "context_full": "length",
    "tools": "tool_calls",
    "pause": "stop",
    "refusal": "content_filter",
    "filtered": "content_filter",
    "broken_tool_call": "stop",
    "unknown": "stop",
}


def read_finish(
    choice: Json, tool_called: bool, refused: bool, extras: Json | None = None
) -> Finished:
    """Why `choice` (of a reply or a chunk) ended; ``index`` must be a whole number.

    A model that refuses in words finishes with ``stop`` here. Servers name the stop sequence met
    in ``stop_reason`` or ``matched_stop``, where a number is a token's and no sequence.
    """
    native = choice.get("finish_reason")
    word = native if isinstance(native, str) else ""
    reason = settle(_READ.get(word.lower(), "unknown"), tool_called)
    sequence = _sequence(choice) if reason == "end" else None
    if refused and reason == "end":
        reason = "refusal"
    elif sequence:
        reason = "stop_sequence"
    return Finished(
        reason, choice["index"], native=word or None, sequence=sequence or None, extras=extras
    )


def _sequence(choice: Json) -> str | None:
    for field in ("stop_reason", "matched_stop"):
        value: Any = choice.get(field)
        if isinstance(value, str):
            return value
    return None


def refusal_of(finished: Finished) -> str | None:
    """The words of a refusal or filter that the answer itself does not hold."""
    return finished.explanation if finished.reason in ("refusal", "filtered") else None


def write_finish(finished: Finished, refused_in_words: bool) -> str:
    """The ``finish_reason``: a refusal that stands in the message is an ordinary ``stop``."""
    if finished.reason == "refusal" and refused_in_words:
        return "stop"
    return _WRITTEN[finished.reason]
