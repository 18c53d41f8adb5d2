from typing import Any

import pytest

from headgate.dialects.responses.tools_read import read_tool_choice, read_tools
from headgate.model.fault import Refused
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef

SCHEMA = {"type": "object", "properties": {}}


def test_functions_are_flat() -> None:
    tool = {
        "type": "function",
        "name": "f",
        "description": "d",
        "parameters": SCHEMA,
        "strict": False,
        "defer_loading": True,
    }
    assert read_tools([tool]) == (Tool("f", "d", SCHEMA, False, extras={"defer_loading": True}),)
    assert read_tools([{"type": "function", "name": "f", "strict": None}]) == (Tool("f"),)


def test_custom_tools_keep_their_grammar() -> None:
    form = {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}
    tool = {"type": "custom", "name": "patch", "format": form}
    assert read_tools([tool]) == (Tool("patch", custom=True, format=form),)


def test_tools_of_a_namespace_carry_its_name_and_description() -> None:
    inside = [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]
    space = {"type": "namespace", "name": "ns", "description": "d", "tools": inside}
    extras = {"responses": {"namespace": {"description": "d"}}}
    assert read_tools([space]) == (
        Tool("f", namespace="ns", extras=extras),
        Tool("g", custom=True, namespace="ns", extras=extras),
    )


@pytest.mark.parametrize(
    ("native", "kind"),
    [
        ({"type": "web_search"}, "web_search"),
        ({"type": "web_search_preview"}, "web_search"),
        ({"type": "web_search_2025_08_26"}, "web_search"),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, "code_execution"),
        ({"type": "computer_use_preview"}, "computer"),
        ({"type": "file_search", "vector_store_ids": ["v"]}, "file_search"),
        ({"type": "mcp", "server_label": "s"}, "mcp"),
        ({"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}, "namespace"),
    ],
)
def test_hosted_tools_are_named_by_their_kind(native: dict[str, Any], kind: str) -> None:
    assert read_tools([native]) == (HostedTool(kind, "responses", native),)


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ({}, "tools"),
        ([3], "tools[0]"),
        ([{"name": "f"}], "tools[0]"),
        ([{"type": "function"}], "tools[0].name"),
        ([{"type": "function", "name": "f", "parameters": "x"}], "tools[0].parameters"),
        ([{"type": "namespace", "tools": []}], "tools[0].name"),
    ],
)
def test_a_broken_tool_is_refused_by_name(tools: Any, param: str) -> None:
    with pytest.raises(Refused) as refused:
        read_tools(tools)
    assert refused.value.fault.param == param


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        (None, None),
        ("auto", ToolChoice("auto")),
        ("required", ToolChoice("required")),
        ("none", ToolChoice("none")),
        ({"type": "function", "name": "f"}, ToolChoice("tool", ToolRef("f"))),
        ({"type": "custom", "name": "f"}, ToolChoice("tool", ToolRef("f", custom=True))),
        (
            {"type": "function", "name": "f", "namespace": "n"},
            ToolChoice("tool", ToolRef("f", "n")),
        ),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}],
            },
            ToolChoice("required", allowed=(ToolRef("f"),)),
        ),
        (
            {"type": "web_search_preview"},
            ToolChoice("required", hosted={"type": "web_search_preview"}),
        ),
    ],
)
def test_every_form_of_tool_choice_is_read(value: Any, choice: ToolChoice | None) -> None:
    assert read_tool_choice(value) == choice


def test_hosted_tools_among_the_allowed_keep_the_native_form() -> None:
    value = {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "f"}, {"type": "mcp", "server_label": "s"}],
    }
    assert read_tool_choice(value) == ToolChoice("auto", allowed=(ToolRef("f"),), hosted=value)


@pytest.mark.parametrize("value", [3, "maybe", {}, {"type": "function"}])
def test_a_broken_tool_choice_is_refused(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        read_tool_choice(value)
    assert str(refused.value.fault.param).startswith("tool_choice")
