"""Why a Gemini reply ended, in the hub's words."""

from typing import Any

from headgate.model.finish import FinishReason

_REASONS: dict[str, FinishReason] = {
    "STOP": "end",
    "MAX_TOKENS": "length",
    "SAFETY": "filtered",
    "RECITATION": "filtered",
    "BLOCKLIST": "filtered",
    "PROHIBITED_CONTENT": "filtered",
    "SPII": "filtered",
    "MODEL_ARMOR": "filtered",
    "IMAGE_SAFETY": "filtered",
    "IMAGE_PROHIBITED_CONTENT": "filtered",
    "IMAGE_RECITATION": "filtered",
    "MALFORMED_FUNCTION_CALL": "broken_tool_call",
    "UNEXPECTED_TOOL_CALL": "broken_tool_call",
    "TOO_MANY_TOOL_CALLS": "broken_tool_call",
    "MISSING_THOUGHT_SIGNATURE": "broken_tool_call",
    "MALFORMED_RESPONSE": "broken_tool_call",
}

_NUMBERS = (
    "",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
)
"""The enum's numbers, which some relays send instead of the names."""


def native_reason(value: Any) -> str:
    """The vendor's word in ``finishReason``; ``""`` where the candidate has not finished."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return _NUMBERS[value] if 0 <= value < len(_NUMBERS) else "OTHER"
    if not isinstance(value, str) or value == "FINISH_REASON_UNSPECIFIED":
        return ""
    return value


def reason_of(native: str) -> FinishReason:
    """The hub's reason for the vendor's word; new words are ``unknown``."""
    return _REASONS.get(native, "unknown")
