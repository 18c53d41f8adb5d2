"""Tools and tool choice."""

from typing import Any

import pytest

from headgate.dialects.destination import Abilities, Destination, Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import (
    HostedTool,
    Message,
    Request,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolRef,
)
from tests.dialects.gemini.drive import BUDGET, LEVEL, ask, body, write

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F, G = Tool("f", "does f", SCHEMA), Tool("g")
SHAPE = ResponseFormat("json_schema", "n", SCHEMA)
SEARCH = HostedTool("web_search", "chat", {"type": "web_search"})


def asking(*tools: Any, **more: Any) -> Request:
    return ask(Message("user", (Text("hi"),)), tools=tools, **more)


def test_functions_are_declared_and_empty_parameters_left_out() -> None:
    assert body(asking(F, G))["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "does f", "parametersJsonSchema": SCHEMA},
                {"name": "g"},
            ]
        }
    ]
    assert "toolConfig" not in body(asking(F, G))


def test_a_backend_that_refuses_the_new_field_gets_the_old() -> None:
    quirks = Quirks(refuses_fields=frozenset({"parametersJsonSchema"}))
    old = Destination(model="m", vendor="google", quirks=quirks)
    (declared,) = body(asking(F), old)["tools"][0]["functionDeclarations"]

    assert declared["parameters"] == SCHEMA


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("tool", ToolRef("f")), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (
            ToolChoice("required", allowed=(ToolRef("g"),)),
            {"mode": "ANY", "allowedFunctionNames": ["g"]},
        ),
    ],
)
def test_every_choice_has_its_mode(choice: ToolChoice, config: dict[str, Any]) -> None:
    written = body(asking(F, G, tool_choice=choice))

    assert written["toolConfig"] == {"functionCallingConfig": config}
    assert len(written["tools"][0]["functionDeclarations"]) == 2


def test_allowed_tools_that_need_not_be_called_are_the_only_ones_declared() -> None:
    written = body(asking(F, G, tool_choice=ToolChoice("auto", allowed=(ToolRef("g"),))))

    assert written["tools"][0]["functionDeclarations"] == [{"name": "g"}]


def test_names_travel_cleaned_and_are_mapped_back() -> None:
    written = write(asking(Tool("f", namespace="ns"), Tool("9 bad"), Tool("raw", custom=True)))

    assert written.tools["ns__f"] == ToolRef("f", "ns")
    assert ToolRef("9 bad") in written.tools.values()
    assert written.tools["raw"] == ToolRef("raw", custom=True)


def test_what_functions_cannot_say_is_listed() -> None:
    grammar = Tool("raw", custom=True, format={"type": "grammar"})
    tools = (Tool("f", strict=True, extras={"odd": 1}), grammar)

    assert write(asking(*tools)).losses == ("tools.strict", "tools.odd", "tools.format")


def test_hosted_tools_with_counterparts_are_carried() -> None:
    code = HostedTool("code_execution", "messages", {})

    assert body(asking(SEARCH, code))["tools"] == [{"googleSearch": {}}, {"codeExecution": {}}]
    assert body(asking(web_search={}))["tools"] == [{"googleSearch": {}}]


def test_hosted_tools_stand_beside_functions_from_gemini_3_on() -> None:
    both = asking(F, SEARCH)

    assert body(both, LEVEL)["toolConfig"] == {"includeServerSideToolInvocations": True}
    assert write(both, BUDGET).losses == ("tools",)
    assert len(body(both, BUDGET)["tools"]) == 1


def test_hosted_tools_without_counterpart_are_lost_or_refused() -> None:
    files = HostedTool("file_search", "responses", {})

    assert write(asking(files)).losses == ("tools.file_search",)
    for hopeless in (
        asking(files, tool_choice=ToolChoice("required", hosted={"type": "file_search"})),
        asking(HostedTool("computer", "messages", {})),
    ):
        with pytest.raises(Untranslatable) as caught:
            write(hopeless)
        assert caught.value.fault.param == "tools"


def test_forcing_a_vendors_tool_is_listed_as_lost() -> None:
    choice = ToolChoice("tool", hosted={"type": "web_search"})

    assert write(asking(F, SEARCH, tool_choice=choice)).losses == ("tool_choice",)


def test_before_gemini_3_a_tool_stands_in_for_the_schema_beside_functions() -> None:
    written = write(asking(F, response_format=SHAPE), BUDGET)
    sent = body(asking(F, response_format=SHAPE), BUDGET)

    assert written.schema_tool == "json_answer"
    assert [f["name"] for f in sent["tools"][0]["functionDeclarations"]] == ["f", "json_answer"]
    assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert "generationConfig" not in sent
    assert write(asking(F, response_format=SHAPE), LEVEL).schema_tool is None


def test_the_stand_in_has_a_name_of_its_own() -> None:
    taken = Tool("json_answer", None, SCHEMA)

    assert write(asking(taken, response_format=SHAPE), BUDGET).schema_tool == "json_answer_"


def test_a_model_without_native_schemas_gets_the_stand_in_alone() -> None:
    poor = Destination(
        model="m", vendor="google", abilities=Abilities(thinking="level", native_schema=False)
    )

    assert write(asking(response_format=SHAPE), poor).schema_tool == "json_answer"


def test_tools_that_may_not_be_called_give_way_to_the_schema() -> None:
    sent = body(asking(F, response_format=SHAPE, tool_choice=ToolChoice("none")), BUDGET)

    assert "tools" not in sent
    assert sent["generationConfig"]["responseJsonSchema"] == SCHEMA
