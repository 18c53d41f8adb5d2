"""Gemini's token counts in the hub's meaning."""

from typing import Any

from headgate.model.usage import Usage
from headgate.wire.json_fields import count

_COUNTS = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount")


def read_usage(metadata: dict[str, Any]) -> Usage | None:
    """The usage in ``usageMetadata``; None where it holds no counts (Vertex sends the traffic type
    alone before the last chunk).

    Protobuf leaves zeros out, so that a missing count beside a present one is a zero.
    """
    if not any(key in metadata for key in _COUNTS):
        return None
    thoughts = count(metadata, "thoughtsTokenCount")
    return Usage(
        input_tokens=_zero(metadata, "promptTokenCount")
        + _zero(metadata, "toolUsePromptTokenCount"),
        output_tokens=_zero(metadata, "candidatesTokenCount") + (thoughts or 0),
        cached_tokens=count(metadata, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        dialect="gemini",
        extras=metadata,
    )


def _zero(metadata: dict[str, Any], key: str) -> int:
    return count(metadata, key) or 0
