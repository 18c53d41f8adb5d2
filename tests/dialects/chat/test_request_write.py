import json
from typing import Any

import pytest

from headgate.dialects.chat.request_read import read_request
from headgate.dialects.chat.request_write import effort_of, write_request
from headgate.dialects.destination import Abilities, Destination, Quirks
from headgate.dialects.dialect import WrittenRequest
from headgate.model.fault import Untranslatable
from headgate.model.parts import Text
from headgate.model.request import (
    HostedTool,
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
    ToolRef,
)
from tests.dialects.chat.sample import encode
from tests.recordings import exchanges, streams

HELLO = (Message("user", (Text("Hi"),)),)
TOOL = Tool("f", "does f", {"type": "object"})


def written(
    dialect: str = "messages",
    quirks: Quirks = Quirks(),  # noqa: B008 - frozen
    abilities: Abilities = Abilities(),  # noqa: B008 - frozen
    **fields: Any,
) -> WrittenRequest:
    request = Request(dialect=dialect, model="alias", messages=HELLO, **fields)
    destination = Destination(model="m", vendor="v", quirks=quirks, abilities=abilities)
    return write_request(request, destination)


def body(**fields: Any) -> dict[str, Any]:
    result = json.loads(written(**fields).body)
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize("row", [*streams("chat"), *exchanges("chat")])
def test_reading_and_writing_a_recorded_request_changes_its_meaning_nowhere(
    row: dict[str, Any],
) -> None:
    """Normalised are: nulls and unsaid defaults, older and foreign spellings, ids of entries."""
    said = row["request"]
    destination = Destination(model=said["model"], vendor="openrouter")
    request = read_request(encode(said))
    told = write_request(request, destination)
    assert told.losses == ()
    again = read_request(told.body)
    for field in request.__struct_fields__:
        if field not in ("messages", "include_usage", "tools", "tool_choice", "reasoning"):
            assert getattr(again, field) == getattr(request, field), field
    assert write_request(again, destination).body == told.body
    extra = {k: v for k, v in json.loads(told.body).items() if k not in said}
    assert not extra.keys() - {"stream_options", "max_completion_tokens", "tools", "tool_choice"}


def test_nothing_is_invented() -> None:
    assert body() == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def test_usage_is_asked_for_wherever_the_backend_knows_how() -> None:
    assert body(stream=True)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in body(stream=True, quirks=Quirks(usage_in_stream=False))


def test_t73_the_output_cap_has_the_backends_name_and_fixed_dials_are_losses() -> None:
    assert body(max_tokens=5)["max_completion_tokens"] == 5
    assert body(max_tokens=5, quirks=Quirks(max_tokens_field="max_tokens"))["max_tokens"] == 5
    told = written(abilities=Abilities(fixed_sampling=True), sampling=Sampling(temperature=1.0))
    assert told.losses == ("temperature",)
    assert b"temperature" not in told.body


def test_top_k_goes_only_where_the_caller_wrote_it_for() -> None:
    assert written(sampling=Sampling(top_k=3)).losses == ("top_k",)
    assert body(dialect="chat", sampling=Sampling(top_k=3))["top_k"] == 3


def test_more_stops_than_the_dialect_knows_are_refused() -> None:
    with pytest.raises(Untranslatable) as caught:
        written(sampling=Sampling(stop=tuple("abcde")))
    assert caught.value.fault.param == "stop_sequences"
    assert body(sampling=Sampling(stop=("a", "b")))["stop"] == ["a", "b"]


def test_t75_the_switch_for_parallel_calls_never_goes_without_tools() -> None:
    assert "parallel_tool_calls" not in body(parallel_tool_calls=False)
    said = body(parallel_tool_calls=False, tools=(TOOL,))
    assert said["parallel_tool_calls"] is False
    assert "tool_choice" not in said


def test_t20_a_backend_without_the_switch_leaves_the_cut_to_the_reader() -> None:
    quirks = Quirks(refuses_fields=frozenset({"parallel_tool_calls"}))
    told = written(parallel_tool_calls=False, tools=(TOOL,), quirks=quirks)
    assert told.one_tool_call
    assert told.losses == ()
    assert b"parallel_tool_calls" not in told.body


def test_fields_that_the_backend_refuses_are_taken_out_and_listed() -> None:
    quirks = Quirks(refuses_fields=frozenset({"verbosity", "stream_options"}))
    told = written(stream=True, verbosity="low", quirks=quirks)
    assert told.losses == ("verbosity",)
    assert json.loads(told.body).keys() == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("required"), "required"),
        (ToolChoice("tool", ToolRef("f")), {"type": "function", "function": {"name": "f"}}),
        (
            ToolChoice("auto", allowed=(ToolRef("f"),)),
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
        ),
    ],
)
def test_t76_choices_keep_their_meaning(choice: ToolChoice, value: Any) -> None:
    assert body(tools=(TOOL,), tool_choice=choice)["tool_choice"] == value


def test_a_vendors_own_tool_is_a_loss_unless_it_is_forced() -> None:
    hosted = HostedTool("web_search", "messages", {"type": "web_search_20250305"})
    assert written(tools=(hosted, TOOL)).losses == ("tools.web_search",)
    with pytest.raises(Untranslatable):
        written(tools=(hosted,), tool_choice=ToolChoice("required"))
    with pytest.raises(Untranslatable):
        written(tools=(hosted, TOOL), tool_choice=ToolChoice("tool", hosted={"type": "x"}))


def test_t89_a_custom_tool_travels_as_a_function_of_its_input() -> None:
    custom = Tool(
        "patch",
        "Applies.",
        custom=True,
        format={"type": "grammar", "syntax": "lark", "definition": "start: x"},
    )
    told = written(dialect="responses", tools=(custom,))
    (entry,) = json.loads(told.body)["tools"]
    assert entry["function"]["parameters"]["required"] == ["input"]
    assert "start: x" in entry["function"]["description"]
    assert told.tools["patch"] == ToolRef("patch", custom=True)
    native = body(dialect="chat", tools=(custom,))["tools"][0]
    assert native["custom"]["format"] == {
        "type": "grammar",
        "grammar": {"syntax": "lark", "definition": "start: x"},
    }


def test_namespaced_tools_travel_under_one_name_and_back() -> None:
    told = written(dialect="responses", tools=(Tool("f", namespace="ns"),))
    assert told.tools == {"ns__f": ToolRef("f", "ns")}
    assert json.loads(told.body)["tools"][0]["function"]["name"] == "ns__f"


@pytest.mark.parametrize(
    ("wish", "abilities", "effort"),
    [
        (ReasoningWish(effort="high"), Abilities(), "high"),
        (ReasoningWish(effort="max"), Abilities(efforts=("low", "high")), "high"),
        (ReasoningWish(budget_tokens=8000, mode="enabled"), Abilities(), "medium"),
        (ReasoningWish(mode="disabled"), Abilities(), "none"),
        (ReasoningWish(mode="disabled"), Abilities(thinking_off=False), "low"),
        (
            ReasoningWish(mode="disabled"),
            Abilities(thinking_off=False, efforts=("minimal", "low")),
            "minimal",
        ),
        (ReasoningWish(mode="adaptive"), Abilities(), None),
    ],
)
def test_the_effort_is_the_nearest_that_the_model_takes(
    wish: ReasoningWish, abilities: Abilities, effort: str | None
) -> None:
    assert effort_of(wish, abilities) == effort


def test_thinking_on_a_model_without_it_is_a_loss() -> None:
    none = Abilities(thinking="none")
    assert written(reasoning=ReasoningWish(effort="high"), abilities=none).losses == ("thinking",)
    assert written(reasoning=ReasoningWish(mode="disabled"), abilities=none).losses == ()


def test_structured_output_is_native_or_a_forced_function() -> None:
    wished = ResponseFormat("json_schema", None, {"type": "object"}, True)
    native = body(response_format=wished)["response_format"]
    assert native["json_schema"] == {"name": "answer", "schema": {"type": "object"}, "strict": True}
    told = written(response_format=wished, abilities=Abilities(native_schema=False))
    said = json.loads(told.body)
    assert told.schema_tool == said["tools"][0]["function"]["name"]
    assert said["tool_choice"]["function"]["name"] == told.schema_tool
    both = written(response_format=wished, abilities=Abilities(native_schema=False), tools=(TOOL,))
    assert both.losses == ("output_config.format",)


def test_extras_go_back_to_their_own_dialect_alone() -> None:
    assert body(dialect="chat", extras={"provider": 1})["provider"] == 1
    told = written(extras={"container": None, "speed": "fast", "betas": ["x"]})
    assert told.losses == ("speed",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", "conv_1"),
        ("background", True),
        ("extras", {"mcp_servers": [1]}),
    ],
)
def test_what_only_another_vendor_can_serve_is_refused(field: str, value: Any) -> None:
    with pytest.raises(Untranslatable):
        written(dialect="responses", **{field: value})


def test_tiers_and_metadata_of_other_dialects() -> None:
    assert body(service_tier="standard_only")["service_tier"] == "default"
    assert written(service_tier="batch").losses == ("service_tier",)
    assert written(metadata={"a": "b"}).losses == ("metadata",)
    assert body(dialect="chat", metadata={"a": "b"})["metadata"] == {"a": "b"}
    assert "store" not in body(dialect="responses", store=True)


def test_an_end_user_too_long_for_the_vendor_is_named_by_a_digest() -> None:
    assert body(safety_id="u" * 64)["safety_identifier"] == "u" * 64
    name = body(safety_id="u" * 65)["safety_identifier"]
    assert name.startswith("user_")
    assert len(name) <= 64
