"""A caller's tools and tool choice."""

from typing import Any

from headgate.dialects.messages import checks
from headgate.dialects.messages.own import NAME, without
from headgate.dialects.messages.parts_read import read_mark
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef

_KINDS = (
    ("web_search_", "web_search"),
    ("web_fetch_", "web_fetch"),
    ("code_execution_", "code_execution"),
    ("computer_", "computer"),
    ("mcp_toolset", "mcp"),
)
_KNOWN = frozenset({"name", "description", "input_schema", "strict", "cache_control"})


def read_tools(tools: list[dict[str, Any]]) -> tuple[Tool | HostedTool, ...]:
    """The tools in their order: the caller's own and the vendor's."""
    return tuple(_read_tool(tool, f"tools.{number}") for number, tool in enumerate(tools))


def read_choice(choice: dict[str, Any]) -> tuple[ToolChoice | None, bool | None]:
    """The choice and whether parallel calls are wanted, each None where unsaid."""
    kind = checks.text_at(choice, "type", "tool_choice")
    disabled = checks.bool_or_none(choice, "disable_parallel_tool_use", "tool_choice")
    parallel = None if disabled is None else not disabled
    if kind == "tool":
        name = checks.text_at(choice, "name", "tool_choice")
        return ToolChoice("tool", ToolRef(name)), parallel
    if kind == "any":
        return ToolChoice("required"), parallel
    return ToolChoice("none" if kind == "none" else "auto"), parallel


def _read_tool(tool: dict[str, Any], where: str) -> Tool | HostedTool:
    type_ = checks.text_or_none(tool, "type", where)
    if type_ not in (None, "custom"):
        return HostedTool(_kind(type_ or ""), NAME, tool)
    return Tool(
        checks.text_at(tool, "name", where),
        checks.text_or_none(tool, "description", where),
        checks.object_or_none(tool, "input_schema", where),
        checks.bool_or_none(tool, "strict", where),
        cache=read_mark(tool, where),
        extras=without(tool, _KNOWN | {"type"}) or None,
    )


def _kind(type_: str) -> str:
    return next((kind for head, kind in _KINDS if type_.startswith(head)), type_)
