"""How many tokens a request of the Messages dialect is likely to have, where nobody counts.

A token for every three and a half bytes of text: system, messages, tool calls and results, names,
descriptions and schemas of tools. A picture counts what the largest one costs, a document by its
size; rather a little too much than too little, because by this number clients compact.
https://platform.claude.com/docs/en/build-with-claude/vision#evaluate-image-size.
"""

import math
from typing import Any

from headgate.wire import json_text

BYTES_A_TOKEN = 3.5
IMAGE_TOKENS = 1600
DOCUMENT_BYTES_A_TOKEN = 25
"""Of base64: a page of some 70 kB takes some 2,000 to 3,000 tokens."""
MESSAGE_TOKENS = 4
TOOLS_TOKENS = 300
"""What stands around the list of tools, once."""
TOOL_TOKENS = 12

_UNSEEN = frozenset(("type", "cache_control", "signature", "id", "tool_use_id", "media_type"))


def estimate_tokens(request: dict[str, Any]) -> int:
    """The tokens of a decoded request; at least 1."""
    messages = _list(request.get("messages"))
    tokens = _tokens(request.get("system")) + len(messages) * MESSAGE_TOKENS
    tokens += sum(_tokens(message.get("content")) for message in messages if _is_object(message))
    tools = _list(request.get("tools"))
    if tools:
        size = sum(len(json_text.encode(tool)) for tool in tools)
        tokens += TOOLS_TOKENS + len(tools) * TOOL_TOKENS + size / BYTES_A_TOKEN
    return max(1, math.ceil(tokens))


def _tokens(value: Any) -> float:
    """The tokens of a content: texts wherever they stand, but for the bytes of media."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace")) / BYTES_A_TOKEN
    if isinstance(value, list):
        return sum(map(_tokens, value))
    if not isinstance(value, dict):
        return 0 if value is None else 1
    kind = value.get("type")
    if kind == "image":
        return IMAGE_TOKENS
    if kind == "document":
        return _document(value)
    if kind == "tool_use":
        return TOOL_TOKENS + len(json_text.encode(value.get("input"))) / BYTES_A_TOKEN
    return sum(_tokens(one) for key, one in value.items() if key not in _UNSEEN)


def _document(block: dict[str, Any]) -> float:
    said = {key: one for key, one in block.items() if key in ("title", "context")}
    source = block.get("source")
    if not isinstance(source, dict):
        return _tokens(said)
    data = source.get("data")
    if source.get("type") == "base64" and isinstance(data, str):
        return _tokens(said) + len(data) / DOCUMENT_BYTES_A_TOKEN
    return _tokens(said) + _tokens(data) + _tokens(source.get("content"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
