from typing import Any

import pytest

from headgate.dialects.responses.tools_read import read_tool_choice, read_tools
from headgate.dialects.responses.tools_write import (
    echo_tools,
    write_tool_choice,
    write_tools,
    write_web_search,
)
from headgate.model.fault import Untranslatable
from headgate.model.request import HostedTool, Tool, ToolChoice, ToolRef
from tests.dialects.responses import given

NATIVE: list[dict[str, Any]] = [
    {"type": "function", "name": "f"},
    {"type": "function", "name": "g", "parameters": {"type": "object"}, "strict": True, "odd": 1},
    {"type": "custom", "name": "c", "description": "d", "format": {"type": "text"}},
    {
        "type": "namespace",
        "name": "ns",
        "description": "d",
        "tools": [{"type": "function", "name": "a"}, {"type": "custom", "name": "b"}],
    },
    {"type": "namespace", "name": "other", "tools": [{"type": "function", "name": "a"}]},
    {"type": "mcp", "server_label": "s", "server_url": "u"},
]


def test_tools_of_this_dialect_come_back_as_they_were() -> None:
    losses: dict[str, None] = {}
    assert write_tools(read_tools(NATIVE), True, str, losses) == NATIVE
    assert losses == {}


def test_strict_is_said_where_another_dialects_caller_said_nothing() -> None:
    losses: dict[str, None] = {}
    tools = [Tool("f"), Tool("g", parameters={"$defs": {}}, strict=True, extras={"odd": 1})]
    assert write_tools(tools, False, str.upper, losses) == [
        {
            "type": "function",
            "name": "F",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
        {
            "type": "function",
            "name": "G",
            "parameters": {"type": "object", "properties": {}, "$defs": {}},
            "strict": True,
        },
    ]
    assert list(losses) == ["tools.odd"]


def test_hosted_tools_of_other_dialects_become_their_counterparts() -> None:
    losses: dict[str, None] = {}
    search = {
        "type": "web_search_20250305",
        "name": "web_search",
        "allowed_domains": ["a.org"],
        "max_uses": 3,
        "user_location": {"type": "approximate", "city": "Bern"},
    }
    tools = [
        HostedTool("web_search", "messages", search),
        HostedTool("code_execution", "messages", {"type": "code_execution_20250825"}),
        HostedTool("memory", "messages", {"type": "memory_20250818"}),
    ]
    assert write_tools(tools, False, str, losses) == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["a.org"]},
            "user_location": {"type": "approximate", "city": "Bern"},
        },
        {"type": "code_interpreter", "container": {"type": "auto"}},
    ]
    assert list(losses) == ["tools.max_uses", "tools.memory"]


def test_a_hosted_tool_that_acts_for_the_caller_is_never_dropped() -> None:
    with pytest.raises(Untranslatable):
        write_tools([HostedTool("computer", "messages", {})], False, str, {})


def test_search_wishes_beside_the_messages_become_a_tool() -> None:
    options = {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Bern"}},
    }
    assert write_web_search(options) == {
        "type": "web_search",
        "search_context_size": "low",
        "user_location": {"type": "approximate", "city": "Bern"},
    }


@pytest.mark.parametrize(
    "value",
    [
        "auto",
        "none",
        {"type": "function", "name": "f"},
        {"type": "custom", "name": "f"},
        {"type": "function", "name": "f", "namespace": "n"},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "s"}]},
        {"type": "image_generation"},
    ],
)
def test_choices_of_this_dialect_come_back_as_they_were(value: Any) -> None:
    request = given.asked_here(input="hi", tool_choice=value)
    assert request.tool_choice == read_tool_choice(value)
    assert write_tool_choice(request, str) == value


def test_a_forced_hosted_tool_of_another_dialect_is_found_by_its_name() -> None:
    tool = HostedTool("web_search", "messages", {"name": "web_search"})
    choice = ToolChoice("tool", hosted={"type": "tool", "name": "web_search"})
    request = given.asked(dialect="messages", tools=(tool,), tool_choice=choice)
    assert write_tool_choice(request, str) == {"type": "web_search"}
    with pytest.raises(Untranslatable):
        write_tool_choice(given.asked(dialect="messages", tool_choice=choice), str)


def test_a_choice_names_the_tool_as_it_travels() -> None:
    request = given.asked(tool_choice=ToolChoice("tool", ToolRef("f")))
    assert write_tool_choice(request, str.upper) == {"type": "function", "name": "F"}


def test_the_echo_has_every_field_of_a_function() -> None:
    request = given.asked_here(input="hi", tools=NATIVE[:1] + NATIVE[3:4])
    assert echo_tools(request) == [
        {
            "type": "function",
            "name": "f",
            "description": None,
            "parameters": None,
            "strict": True,
        },
        {
            **NATIVE[3],
            "tools": [
                {
                    "type": "function",
                    "name": "a",
                    "description": None,
                    "parameters": None,
                    "strict": True,
                },
                {"type": "custom", "name": "b"},
            ],
        },
    ]
