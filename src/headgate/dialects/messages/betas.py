"""Features that travel in pairs: a body field and the beta that admits it.

One half without the other is refused, so a backend that takes no betas gets neither. Source:
Anthropic's beta list as in its SDK, and its gateway contract.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "context_management": ("context-management-2025-06-27",),
    "mcp_servers": ("mcp-client-2025-11-20",),
    "fallbacks": ("server-side-fallback-2026-07-01",),
    "fallback_credit_token": ("fallback-credit-2026-07-01",),
    "speed": ("fast-mode-2026-02-01",),
    "thread": ("message-threads-2026-08-12",),
    "compaction": ("compact-2026-09-04",),
    "diagnostics": ("cache-diagnosis-2026-04-07",),
    "output_format": ("structured-outputs-2025-11-13",),
}
_TOOLS: Mapping[str, str] = {
    "computer_20241022": "computer-use-2024-10-22",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
    "code_execution_20250522": "code-execution-2025-05-22",
    "advisor_20260301": "advisor-tool-2026-03-01",
    "mcp_toolset": "mcp-client-2025-11-20",
}
_BLOCKS: Mapping[str, str] = {
    "container_upload": "files-api-2025-04-14",
    "mcp_tool_use": "mcp-client-2025-11-20",
    "mcp_tool_result": "mcp-client-2025-11-20",
    "compaction": "compact-2026-01-12",
    "tool_addition": "mid-conversation-tool-changes-2026-07-01",
    "tool_removal": "mid-conversation-tool-changes-2026-07-01",
}
FILES = "files-api-2025-04-14"


def of_field(key: str, value: Any) -> tuple[str, ...]:
    """The betas of a top-level field; none where it needs none."""
    if value is None or (key == "speed" and value == "standard"):
        return ()
    if key == "container" and isinstance(value, dict) and value.get("skills"):
        return ("skills-2025-10-02", FILES)
    if key == "output_config" and isinstance(value, dict) and "task_budget" in value:
        return ("task-budgets-2026-03-13",)
    if key == "context_management" and "compact_20260112" in str(value):
        return (*_FIELDS[key], "compact-2026-01-12")
    return _FIELDS.get(key, ())


def of_tool(tool: Mapping[str, Any]) -> str | None:
    """The beta of a vendor's tool."""
    return _TOOLS.get(str(tool.get("type")))


def of_block(block: Mapping[str, Any]) -> str | None:
    """The beta of a content block."""
    source = block.get("source")
    if isinstance(source, dict) and source.get("type") == "file":
        return FILES
    return _BLOCKS.get(str(block.get("type")))


def needed(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The betas of a written body, each once."""
    return tuple(dict.fromkeys(_needed(body)))


def _needed(body: Mapping[str, Any]) -> Iterator[str]:
    for key, value in body.items():
        yield from of_field(key, value)
    for tool in body.get("tools", ()):
        yield from filter(None, (of_tool(tool),))
    for message in body.get("messages", ()):
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            yield from filter(None, (of_block(block),))
