"""``toolConfig``."""

from typing import Any

import pytest

from headgate.dialects.destination import Abilities, Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import CacheMark, Text, ToolCall, ToolResult
from headgate.model.request import (
    HostedTool,
    Message,
    Request,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolRef,
)
from tests.dialects.converse.drive import ask, body, write

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
EMPTY = {"type": "object", "properties": {}}
F, G = Tool("f", "does f", SCHEMA, strict=True), Tool("g")
USER = Message("user", (Text("hi"),))
HISTORY = (
    USER,
    Message("assistant", (ToolCall("c", "old"),)),
    Message("tool", (ToolResult("c", (Text("x"),)),)),
)
POOR = Destination(model="m", vendor="anthropic", abilities=Abilities(native_schema=False))


def asking(*tools: Any, messages: tuple[Message, ...] = (USER,), **more: Any) -> Request:
    return ask(*messages, tools=tools, **more)


def spec(name: str, schema: Any = EMPTY, **more: Any) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema}, **more}}


def test_tools_are_specified() -> None:
    assert body(asking(F, G))["toolConfig"] == {
        "tools": [spec("f", SCHEMA, description="does f", strict=True), spec("g")]
    }
    marked = Tool("g", cache=CacheMark())
    assert body(asking(marked))["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}
    untyped = Tool("g", parameters={"properties": {}})
    assert body(asking(untyped))["toolConfig"]["tools"] == [spec("g")]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), None),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("tool", ToolRef("g")), {"tool": {"name": "g"}}),
    ],
)
def test_every_choice_has_its_form(choice: ToolChoice, written: Any) -> None:
    config = body(asking(F, G, tool_choice=choice))["toolConfig"]

    assert config.get("toolChoice") == written


def test_allowed_tools_are_the_only_ones_offered() -> None:
    choice = ToolChoice("required", allowed=(ToolRef("g"),))

    assert body(asking(F, G, tool_choice=choice))["toolConfig"] == {
        "tools": [spec("g")],
        "toolChoice": {"any": {}},
    }


def test_none_is_said_by_offering_nothing() -> None:
    assert "toolConfig" not in body(asking(F, tool_choice=ToolChoice("none")))


def test_t80_a_history_with_tools_gets_a_stub() -> None:
    stub = {"tools": [spec("old")]}

    assert body(asking(messages=HISTORY))["toolConfig"] == stub
    none = asking(F, messages=HISTORY, tool_choice=ToolChoice("none"))
    assert body(none)["toolConfig"] == stub


def test_hosted_tools_are_lost_or_refused() -> None:
    search = HostedTool("web_search", "messages", {})

    assert write(asking(search)).losses == ("tools.web_search",)
    assert write(asking(web_search={}, dialect="chat")).losses == ("web_search_options",)
    for hopeless in (
        asking(search, tool_choice=ToolChoice("tool", hosted={})),
        asking(HostedTool("mcp", "responses", {})),
    ):
        with pytest.raises(Untranslatable):
            write(hopeless)


def test_what_specs_cannot_say_is_listed_and_names_come_back() -> None:
    custom = Tool("raw", custom=True, format={"type": "grammar"}, extras={"odd": 1})
    written = write(asking(custom, Tool("f", namespace="ns")))

    assert written.losses == ("tools.format", "tools.odd")
    assert written.tools == {"raw": ToolRef("raw", custom=True), "ns__f": ToolRef("f", "ns")}


def test_a_tool_stands_in_for_a_schema_that_is_not_native() -> None:
    shape = ResponseFormat("json_schema", "n", SCHEMA)
    config = body(asking(F, response_format=shape), POOR)["toolConfig"]

    assert write(asking(F, response_format=shape), POOR).schema_tool == "json_answer"
    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == ["f", "json_answer"]
    assert config["toolChoice"] == {"any": {}}
    taken = asking(Tool("json_answer"), response_format=shape)
    assert write(taken, POOR).schema_tool == "json_answer_"
    forced = asking(F, response_format=shape, tool_choice=ToolChoice("required"))
    assert write(forced, POOR).schema_tool is None


def test_plain_json_without_a_schema_is_lost() -> None:
    request = asking(response_format=ResponseFormat("json_object"), dialect="chat")

    assert write(request).losses == ("response_format",)
