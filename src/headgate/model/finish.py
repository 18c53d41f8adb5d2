"""Why a reply ended, in one vocabulary."""

from typing import Literal

FinishReason = Literal[
    "end",
    "stop_sequence",
    "length",
    "context_full",
    "tools",
    "pause",
    "refusal",
    "filtered",
    "broken_tool_call",
    "unknown",
]


def settle(reason: FinishReason, tool_called: bool) -> FinishReason:
    """The reason to tell: a reply that calls a tool ends with ``tools``, whatever its vendor
    says, unless it was cut short or refused (many servers say ``stop`` beside a tool call)."""
    if tool_called and reason in ("end", "unknown", "stop_sequence"):
        return "tools"
    if not tool_called and reason == "tools":
        return "end"
    return reason
