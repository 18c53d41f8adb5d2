from typing import Any

import pytest

from headgate.dialects.chat.tools import (
    FlatCustom,
    LegacyFunction,
    read_choice,
    read_tools,
    write_tools,
)
from headgate.dialects.losses import Losses
from headgate.model.fault import Refused
from headgate.model.parts import CacheMark
from headgate.model.request import HostedTool, Request, Tool, ToolChoice, ToolRef
from headgate.model.tool_names import ToolNames

FUNCTION = {
    "type": "function",
    "function": {"name": "f", "description": "", "parameters": {}, "strict": True, "x": 1},
    "cache_control": {"type": "ephemeral"},
}
GRAMMAR = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "d"}}
CUSTOM = {"type": "custom", "custom": {"name": "p", "format": GRAMMAR}}
HOSTED = {"type": "openrouter:web_search", "parameters": {}}


def test_functions_come_back_as_they_were() -> None:
    tools = read_tools({"tools": [FUNCTION, CUSTOM, HOSTED]})
    assert tools == (
        Tool(
            "f",
            "",
            {},
            True,
            cache=CacheMark(None, {"type": "ephemeral"}),
            extras={"function": {"x": 1}},
        ),
        Tool(
            "p",
            custom=True,
            format={"type": "grammar", "syntax": "lark", "definition": "d"},
        ),
        HostedTool("openrouter:web_search", "chat", HOSTED),
    )
    losses = Losses(Request(dialect="chat", model="m", messages=()))
    assert write_tools(tools, True, ToolNames(tools), losses, True) == [FUNCTION, CUSTOM, HOSTED]


def test_the_flat_and_the_older_form() -> None:
    flat = {"type": "custom", "name": "p", "format": {"type": "text"}}
    tools = read_tools(
        {"tools": [{"type": "function", "name": "f"}, flat], "functions": [{"name": "g"}]}
    )
    assert tools == (
        Tool("f"),
        FlatCustom("p", custom=True, format={"type": "text"}),
        LegacyFunction("g"),
    )


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("web_search_preview", "web_search"),
        ("code_interpreter", "code_execution"),
        ("mcp", "mcp"),
        ("odd", "odd"),
    ],
)
def test_vendors_tools_have_our_names_where_they_have_counterparts(kind: str, ours: str) -> None:
    (tool,) = read_tools({"tools": [{"type": kind}]})
    assert isinstance(tool, HostedTool)
    assert tool.kind == ours


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        ("auto", ToolChoice("auto")),
        ("any", ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("tool", ToolRef("f"))),
        ({"function": {"name": "f"}}, ToolChoice("tool", ToolRef("f"))),
        ({"type": "function", "name": "f"}, ToolChoice("tool", ToolRef("f"))),
        (
            {"type": "custom", "custom": {"name": "p"}},
            ToolChoice("tool", ToolRef("p", custom=True)),
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
            ToolChoice("required", allowed=(ToolRef("f"),)),
        ),
        ({"type": "web_search"}, ToolChoice("tool", hosted={"type": "web_search"})),
        (None, None),
    ],
)
def test_choices_are_read(value: Any, choice: ToolChoice | None) -> None:
    assert read_choice({"tool_choice": value}, ()) == choice


def test_the_older_choice() -> None:
    assert read_choice({"function_call": "none"}, ()) == ToolChoice("none")
    assert read_choice({"function_call": {"name": "f"}}, ()) == ToolChoice("tool", ToolRef("f"))


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "function"},
        {"type": "function", "function": {"name": ""}},
        {"type": "function", "function": {"name": "f", "parameters": []}},
        {"type": "custom", "custom": {}},
    ],
)
def test_a_tool_without_its_words_is_refused(tool: Any) -> None:
    with pytest.raises(Refused):
        read_tools({"tools": [tool]})
