from typing import Any

import pytest

from headgate.dialects.destination import Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import HostedTool, Request, Tool, ToolChoice, ToolRef
from tests.dialects.messages import given

LOOK = Tool("look", "Looks.", {"type": "object", "properties": {"a": {"type": "string"}}})


def _ask(*tools: Tool | HostedTool, **fields: Any) -> Request:
    return given.asked(given.said("user", Text("hi")), tools=tools, **fields)


def _choice(choice: ToolChoice | None, parallel: bool | None = None) -> Any:
    body = given.written(_ask(LOOK, tool_choice=choice, parallel_tool_calls=parallel))
    return body.get("tool_choice")


def test_a_function() -> None:
    assert given.written(_ask(LOOK))["tools"] == [
        {"name": "look", "description": "Looks.", "input_schema": LOOK.parameters}
    ]


def test_no_parameters_are_an_empty_object() -> None:
    (tool,) = given.written(_ask(Tool("look")))["tools"]
    assert tool == {"name": "look", "input_schema": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (ToolChoice("auto"), {"type": "auto"}),
        (ToolChoice("required"), {"type": "any"}),
        (ToolChoice("tool", ToolRef("look")), {"type": "tool", "name": "look"}),
    ],
)
def test_the_choices(choice: ToolChoice | None, expected: Any) -> None:
    assert _choice(choice) == expected


def test_t76_none_is_none() -> None:
    assert _choice(ToolChoice("none")) == {"type": "none"}


def test_t74_none_never_stands_beside_the_switch_for_parallel_calls() -> None:
    assert _choice(ToolChoice("none"), parallel=False) == {"type": "none"}


def test_t75_only_the_switch_forces_nothing() -> None:
    expected = {"type": "auto", "disable_parallel_tool_use": True}
    assert _choice(None, parallel=False) == expected
    assert _choice(None, parallel=True) is None
    required = {"type": "any", "disable_parallel_tool_use": True}
    assert _choice(ToolChoice("required"), parallel=False) == required


def test_without_tools_there_is_no_choice() -> None:
    body = given.written(_ask(tool_choice=ToolChoice("auto"), parallel_tool_calls=False))
    assert "tool_choice" not in body
    assert "tools" not in body


def test_allowed_tools_are_the_only_ones_offered() -> None:
    choice = ToolChoice("required", allowed=(ToolRef("look"),))
    body = given.written(_ask(LOOK, Tool("other"), tool_choice=choice))
    assert [tool["name"] for tool in body["tools"]] == ["look"]
    assert body["tool_choice"] == {"type": "any"}


def test_t89_a_custom_tool_is_a_function_of_one_string() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": 'start: "x"'}
    result = given.write(_ask(Tool("patch", "Patches.", custom=True, format=grammar)))
    (tool,) = given.written(_ask(Tool("patch", "Patches.", custom=True, format=grammar)))["tools"]
    assert tool["input_schema"]["required"] == ["input"]
    assert 'start: "x"' in tool["description"]
    assert result.losses == ("tools.format",)
    assert result.tools == {"patch": ToolRef("patch", custom=True)}


def test_names_are_mended_and_found_again() -> None:
    result = given.write(_ask(Tool("look up!", namespace="crm")))
    ((wire, ref),) = result.tools.items()
    assert ref == ToolRef("look up!", "crm")
    assert wire.startswith("crm__look_up_")


def test_strict_tools_are_cut_to_what_can_be_enforced() -> None:
    tool = Tool(
        "look", parameters={"type": "object", "properties": {"a": {"minimum": 1}}}, strict=True
    )
    (written,) = given.written(_ask(tool))["tools"]
    assert written["strict"] is True
    assert written["input_schema"]["additionalProperties"] is False
    assert given.write(_ask(tool), given.destination(native_schema=False)).losses == (
        "tools.strict",
    )
    (loose,) = given.written(_ask(Tool("look", strict=False)))["tools"]
    assert "strict" not in loose


def test_more_strict_tools_than_the_vendor_compiles_are_loose() -> None:
    tools = [Tool(f"t{number}", strict=True) for number in range(22)]
    result = given.write(_ask(*tools))
    assert result.losses == ("tools.strict",)
    assert result.body.count(b'"strict":true') == 20


def test_tools_of_the_vendor_go_back_whole() -> None:
    native = {"type": "web_search_20260318", "name": "web_search", "max_uses": 2}
    assert given.written(_ask(HostedTool("web_search", "messages", native)))["tools"] == [native]


def test_a_tool_goes_with_its_beta_or_not_at_all() -> None:
    native = {"type": "computer_20250124", "name": "computer"}
    tool = HostedTool("computer", "messages", native)
    assert ("anthropic-beta", "computer-use-2025-01-24") in given.write(_ask(tool)).headers
    result = given.write(_ask(tool), given.destination(quirks=Quirks(refuses_betas=True)))
    assert result.losses == ("tools.computer_20250124",)
    assert result.headers == (("anthropic-version", "2023-06-01"),)


def test_web_search_elsewhere_is_the_vendors_web_search() -> None:
    native = {
        "type": "web_search",
        "filters": {"allowed_domains": ["x.org"]},
        "user_location": {"type": "approximate", "city": "Ulm"},
        "search_context_size": "high",
    }
    result = given.write(_ask(HostedTool("web_search", "responses", native), dialect="responses"))
    assert b'"type":"web_search_20250305","name":"web_search"' in result.body
    assert b'"allowed_domains":["x.org"]' in result.body
    assert b'"city":"Ulm"' in result.body
    assert result.losses == ("tools.search_context_size",)


def test_web_search_options_ask_for_a_web_search() -> None:
    asked = {"user_location": {"type": "approximate", "approximate": {"country": "DE"}}}
    (tool,) = given.written(_ask(web_search=asked))["tools"]
    assert tool == {
        "type": "web_search_20250305",
        "name": "web_search",
        "user_location": {"type": "approximate", "country": "DE"},
    }


def test_code_execution_elsewhere_is_the_vendors_own() -> None:
    auto = {"type": "code_interpreter", "container": {"type": "auto"}}
    (tool,) = given.written(_ask(HostedTool("code_execution", "responses", auto)))["tools"]
    assert tool["name"] == "code_execution"
    files = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"]}}
    result = given.write(_ask(HostedTool("code_execution", "responses", files)))
    assert result.losses == ("tools.code_interpreter",)


def test_a_hosted_tool_without_a_counterpart_is_a_loss_unless_it_is_forced() -> None:
    native = {"type": "file_search", "vector_store_ids": ["v"]}
    tool = HostedTool("file_search", "responses", native)
    assert given.write(_ask(tool)).losses == ("tools.file_search",)
    with pytest.raises(Untranslatable) as caught:
        given.write(_ask(tool, tool_choice=ToolChoice("required", hosted={"type": "file_search"})))
    assert caught.value.fault.param == "tool_choice"


def test_a_hosted_tool_that_is_forced_is_forced_here() -> None:
    tool = HostedTool("web_search", "responses", {"type": "web_search"})
    forced = ToolChoice("required", hosted={"type": "web_search"})
    body = given.written(_ask(tool, tool_choice=forced))
    assert body["tool_choice"] == {"type": "tool", "name": "web_search"}
    with pytest.raises(Untranslatable):
        given.write(_ask(LOOK, tool_choice=forced))
