"""Bedrock's token counts in the hub's meaning."""

from typing import Any

from headgate.model.usage import Usage
from headgate.wire.json_fields import count, objects, text


def read_usage(counts: dict[str, Any]) -> Usage | None:
    """The usage in ``usage``; None where it holds no counts.

    ``inputTokens`` leaves out what was read from and written to the cache.
    """
    fresh = count(counts, "inputTokens")
    output = count(counts, "outputTokens")
    if fresh is None and output is None:
        return None
    read = count(counts, "cacheReadInputTokens")
    written = count(counts, "cacheWriteInputTokens")
    an_hour = [
        count(detail, "inputTokens") or 0
        for detail in objects(counts, "cacheDetails")
        if text(detail, "ttl") == "1h"
    ]
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=output,
        cached_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(an_hour) if an_hour else None,
        dialect="converse",
        extras=counts,
    )
