from typing import Any

import pytest

from headgate.dialects.messages.tools_read import read_choice, read_tools
from headgate.model.parts import CacheMark
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef


def test_a_tool_of_the_caller() -> None:
    mark = {"type": "ephemeral"}
    (tool,) = read_tools(
        [
            {
                "type": "custom",
                "name": "look",
                "description": "Looks.",
                "input_schema": {"type": "object"},
                "strict": True,
                "cache_control": mark,
                "defer_loading": True,
            }
        ]
    )
    assert tool == Tool(
        "look",
        "Looks.",
        {"type": "object"},
        True,
        cache=CacheMark(None, mark),
        extras={"defer_loading": True},
    )


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("web_search_20250305", "web_search"),
        ("web_fetch_20250910", "web_fetch"),
        ("code_execution_20260120", "code_execution"),
        ("computer_20250124", "computer"),
        ("mcp_toolset", "mcp"),
        ("bash_20250124", "bash_20250124"),
    ],
)
def test_a_tool_of_the_vendor_rides_whole(type_: str, kind: str) -> None:
    native = {"type": type_, "name": "x", "max_uses": 3}
    assert read_tools([native]) == (HostedTool(kind, "messages", native),)


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ({"type": "auto"}, (ToolChoice("auto"), None)),
        ({"type": "any", "disable_parallel_tool_use": False}, (ToolChoice("required"), True)),
        ({"type": "none"}, (ToolChoice("none"), None)),
        (
            {"type": "tool", "name": "look", "disable_parallel_tool_use": True},
            (ToolChoice("tool", ToolRef("look")), False),
        ),
    ],
)
def test_a_choice_says_whether_calls_may_be_parallel(native: dict[str, Any], expected: Any) -> None:
    assert read_choice(native) == expected
