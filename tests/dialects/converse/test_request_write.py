"""Whole requests."""

import json
from typing import Any

import pytest

from headgate.dialects.destination import Abilities, Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import Reasoning, Text, ToolCall, ToolResult
from headgate.model.request import (
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
)
from headgate.model.state import OpaqueState
from tests.dialects.converse.drive import MANUAL, ask, body, write

USER = Message("user", (Text("hi"),))


def asking(**more: Any) -> Request:
    return ask(USER, **more)


def test_nothing_is_invented() -> None:
    assert body(asking()) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    assert write(asking()).losses == ()


def test_every_dial_has_its_place() -> None:
    sampling = Sampling(temperature=1.5, top_p=0.9, top_k=4, stop=("a", " "))
    written = body(asking(sampling=sampling, max_tokens=100))

    assert written["inferenceConfig"] == {
        "maxTokens": 100,
        "temperature": 1.0,
        "topP": 0.9,
        "stopSequences": ["a"],
    }
    assert written["additionalModelRequestFields"] == {"top_k": 4}
    assert write(asking(sampling=sampling)).losses == ("stop_sequences",)


def test_dials_that_the_model_refuses_are_listed() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.5, top_k=3, seed=1, logprobs=True)
    fixed = Destination(model="m", vendor="v", abilities=Abilities(fixed_sampling=True))
    one = Destination(model="m", vendor="v", abilities=Abilities(one_of_temperature_top_p=True))

    assert write(asking(sampling=sampling), fixed).losses == (
        "temperature",
        "top_p",
        "top_k",
        "seed",
        "logprobs",
    )
    assert write(asking(sampling=sampling), one).losses == ("top_p", "seed", "logprobs")


def test_thinking_brings_its_cap_and_drops_the_heat() -> None:
    request = asking(reasoning=ReasoningWish("medium"), sampling=Sampling(temperature=0.5))
    written = body(request, MANUAL)

    assert written["inferenceConfig"] == {"maxTokens": 32_000}
    assert written["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 8192
    assert write(request, MANUAL).losses == ("temperature",)


def loop(*thought: Reasoning) -> tuple[Message, ...]:
    return (
        USER,
        Message("assistant", (*thought, ToolCall("c", "f"))),
        Message("tool", (ToolResult("c", (Text("x"),)),)),
    )


def test_manual_thinking_does_not_enter_a_tool_loop_begun_without_it() -> None:
    wish = ReasoningWish("medium")
    own = Reasoning("hm", state=OpaqueState("anthropic", "s"))

    assert write(ask(*loop(), reasoning=wish), MANUAL).losses == ("thinking",)
    assert write(ask(*loop(own), reasoning=wish), MANUAL).losses == ()


def test_manual_thinking_gives_way_to_a_forced_tool() -> None:
    request = asking(
        reasoning=ReasoningWish("medium"), tools=(Tool("f"),), tool_choice=ToolChoice("required")
    )

    assert "additionalModelRequestFields" not in body(request, MANUAL)
    assert write(request, MANUAL).losses == ("thinking",)
    assert "thinking" in body(request)["additionalModelRequestFields"]


def test_structured_output_is_native() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    shape = ResponseFormat("json_schema", "n", schema, description="d")
    written = body(asking(response_format=shape))["outputConfig"]["textFormat"]

    assert written["type"] == "json_schema"
    shaped = written["structure"]["jsonSchema"]
    assert json.loads(shaped["schema"]) == schema
    assert (shaped["name"], shaped["description"]) == ("n", "d")


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"sampling": Sampling(n=2)}, "n"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"previous_response_id": "r"}, "previous_response_id"),
        ({"extras": {"container": "c"}}, "container"),
    ],
)
def test_what_must_not_be_dropped_is_refused_by_name(more: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        write(asking(**more))

    assert caught.value.fault.param == param


def test_tiers_are_carried_or_listed() -> None:
    assert body(asking(service_tier="flex"))["serviceTier"] == {"type": "flex"}
    assert body(asking(service_tier="standard_only")) == body(asking())
    assert write(asking(service_tier="scale")).losses == ("service_tier",)


def test_one_call_at_a_time_is_left_to_the_reader() -> None:
    assert write(asking(parallel_tool_calls=False)).one_tool_call
    assert not write(asking()).one_tool_call
