from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.dialects.chat.request_read import read_request
from headgate.dialects.chat.tools import FlatCustom, LegacyFunction
from headgate.model.fault import Refused
from headgate.model.parts import Text, ToolCall, ToolResult
from headgate.model.request import (
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    ToolChoice,
    ToolRef,
)
from tests.dialects.chat.sample import encode
from tests.recordings import exchanges, streams

USER = {"role": "user", "content": "Hi"}


def request(**fields: Any) -> Request:
    return read_request(encode({"model": "m", "messages": [USER], **fields}))


def refused(**fields: Any) -> str | None:
    with pytest.raises(Refused) as caught:
        request(**fields)
    return caught.value.fault.param


@pytest.mark.parametrize("row", [*streams("chat"), *exchanges("chat")])
def test_every_recorded_request_is_read(row: dict[str, Any]) -> None:
    read = read_request(encode(row["request"]))
    assert len(read.messages) == len(row["request"]["messages"])


def test_nothing_is_said_that_the_caller_did_not_say() -> None:
    assert request() == Request(
        dialect="chat", model="m", messages=(Message("user", (Text("Hi"),)),)
    )


def test_nulls_say_nothing() -> None:
    nothing = dict.fromkeys(
        ("temperature", "stop", "tools", "tool_choice", "response_format", "n", "user", "min_p")
    )
    assert request(**nothing) == request()


def test_what_the_hub_has_no_word_for_is_kept() -> None:
    read = request(provider={"order": ["x"]}, stream_options={"include_obfuscation": False})
    assert read.extras == {
        "provider": {"order": ["x"]},
        "stream_options": {"include_obfuscation": False},
    }


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_output_cap_has_two_names(field: str) -> None:
    assert request(**{field: 5}).max_tokens == 5


def test_the_dials_are_read() -> None:
    sampling = request(temperature=0, top_k=3, seed=1, stop="x", logit_bias={"1": 2}).sampling
    assert (sampling.temperature, sampling.top_k, sampling.seed) == (0, 3, 1)
    assert (sampling.stop, sampling.logit_bias) == (("x",), {"1": 2})


@pytest.mark.parametrize(
    ("fields", "wish"),
    [
        ({"reasoning_effort": "low"}, ReasoningWish(effort="low")),
        (
            {"reasoning": {"effort": "high"}},
            ReasoningWish(effort="high", extras={"chat": {"reasoning": {"effort": "high"}}}),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            ReasoningWish(
                budget_tokens=2048,
                mode="enabled",
                extras={"chat": {"thinking": {"type": "enabled", "budget_tokens": 2048}}},
            ),
        ),
        (
            {"reasoning": {"enabled": False, "exclude": True}},
            ReasoningWish(
                mode="disabled",
                summary="omitted",
                extras={"chat": {"reasoning": {"enabled": False, "exclude": True}}},
            ),
        ),
        (
            {"reasoning_effort": "default"},
            ReasoningWish(extras={"chat": {"reasoning_effort": "default"}}),
        ),
    ],
)
def test_the_wish_to_think_has_many_spellings(fields: dict[str, Any], wish: ReasoningWish) -> None:
    assert request(**fields).reasoning == wish


def test_response_formats() -> None:
    assert request(response_format={"type": "json_object"}).response_format == ResponseFormat(
        "json_object"
    )
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    assert request(
        response_format={"type": "json_schema", "json_schema": schema}
    ).response_format == ResponseFormat("json_schema", "n", {"type": "object"}, True)
    odd = {"type": "grammar", "grammar": "g"}
    assert request(response_format=odd).extras == {"response_format": odd}


def test_functions_of_old_are_tools() -> None:
    read = request(
        functions=[{"name": "f", "parameters": {}}],
        function_call={"name": "f"},
        messages=[
            USER,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}},
            {"role": "function", "name": "f", "content": "done"},
        ],
    )
    assert isinstance(read.tools[0], LegacyFunction)
    assert read.tool_choice == ToolChoice("tool", ToolRef("f"))
    call, result = read.messages[1].parts[0], read.messages[2].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call_id
    assert result.name == "f"


def test_t90_the_flat_form_is_understood() -> None:
    body = {
        "model": "m",
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "custom_tool_call", "call_id": "c1", "name": "Patch", "input": "raw"},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"},
            {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c2", "output": "ok"},
        ],
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}},
            {"type": "custom", "name": "Patch", "format": {"type": "text"}},
        ],
        "reasoning": {"effort": "low"},
        "max_output_tokens": 9,
        "text": {"verbosity": "low", "format": {"type": "text"}},
    }
    read = read_request(encode(body))
    assert [m.role for m in read.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
    ]
    assert read.messages[2].parts == (ToolCall("c1", "Patch", "raw", custom=True),)
    assert isinstance(read.tools[1], FlatCustom)
    assert (read.max_tokens, read.verbosity, read.extras) == (9, "low", {})
    assert read.reasoning is not None
    assert read.reasoning.effort == "low"


def test_t90_flat_custom_calls_come_back_as_functions() -> None:
    entry = {"id": "c", "type": "function", "function": {"name": "Patch", "arguments": "*** raw"}}
    read = request(
        tools=[{"type": "custom", "name": "Patch"}],
        messages=[USER, {"role": "assistant", "content": [], "tool_calls": [entry]}],
    )
    assert read.messages[1].parts == (ToolCall("c", "Patch", "*** raw", custom=True),)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": []}, "max_tokens"),
        ({"stop": 5}, "stop"),
        ({"user": 5}, "user"),
        ({"metadata": []}, "metadata"),
        ({"stream": "x"}, "stream"),
        ({"logprobs": 1}, "logprobs"),
        ({"response_format": "json"}, "response_format"),
        ({"reasoning_effort": 5}, "reasoning_effort"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools"),
        ({"messages": "x"}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    ],
)
def test_a_wrong_type_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    assert refused(**fields) == param


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "user", "auto", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "name"]), inner)
    ),
    max_leaves=8,
)
_fields = ["messages", "input", "tools", "functions", "tool_choice", "stop", "reasoning"]


@given(st.dictionaries(st.sampled_from(_fields), _json))
@settings(max_examples=80)
def test_any_json_is_a_request_or_a_refusal(fields: dict[str, Any]) -> None:
    try:
        read_request(encode({"model": "m", **fields}))
    except Refused:
        pass


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_request(body)
