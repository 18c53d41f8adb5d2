from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from headgate.dialects.messages.request_read import read_request
from headgate.model.fault import Refused
from headgate.model.parts import CacheMark, Text, ToolCall, ToolResult
from headgate.model.request import (
    Message,
    ReasoningWish,
    Request,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
)


def _read(*messages: dict[str, Any], **fields: Any) -> Request:
    body = {"model": "fast", "max_tokens": 5, "messages": list(messages), **fields}
    return read_request(msgspec.json.encode(body))


def _user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content) if len(content) > 1 else content[0]}


def test_every_known_field_finds_its_place() -> None:
    request = _read(
        _user("hi"),
        stream=True,
        system="Be brief.",
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        stop_sequences=["END"],
        tools=[{"name": "look", "input_schema": {"type": "object"}}],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        metadata={"user_id": "u", "team": "t"},
        service_tier="auto",
        cache_control={"type": "ephemeral", "ttl": "1h"},
        output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
    )
    assert request == Request(
        dialect="messages",
        model="fast",
        messages=(Message("system", (Text("Be brief."),)), Message("user", (Text("hi"),))),
        stream=True,
        include_usage=True,
        max_tokens=5,
        sampling=Sampling(temperature=0.5, top_p=0.9, top_k=4, stop=("END",)),
        tools=(Tool("look", parameters={"type": "object"}),),
        tool_choice=ToolChoice("required"),
        parallel_tool_calls=False,
        response_format=ResponseFormat("json_schema", schema={"type": "object"}),
        safety_id="u",
        metadata={"team": "t"},
        service_tier="auto",
        cache=CacheMark("1h", {"type": "ephemeral", "ttl": "1h"}),
    )


def test_fields_that_the_hub_has_no_word_for_ride_as_extras() -> None:
    request = _read(_user("hi"), container="c", mcp_servers=[1], output_config={"task_budget": 3})
    assert request.extras == {
        "container": "c",
        "mcp_servers": [1],
        "output_config": {"task_budget": 3},
    }


def test_an_effort_that_is_newer_than_we_are_rides_as_an_extra() -> None:
    request = _read(_user("hi"), output_config={"effort": "galactic"})
    assert request.reasoning is None
    assert request.extras == {"output_config": {"effort": "galactic"}}


@pytest.mark.parametrize(
    ("thinking", "wish"),
    [
        (
            {"type": "enabled", "budget_tokens": 2048},
            ReasoningWish(budget_tokens=2048, mode="enabled"),
        ),
        (
            {"type": "adaptive", "display": "omitted"},
            ReasoningWish(mode="adaptive", summary="omitted"),
        ),
        (
            {"type": "adaptive", "display": "summarized"},
            ReasoningWish(mode="adaptive", summary="auto"),
        ),
        ({"type": "disabled"}, ReasoningWish(mode="disabled")),
        ({"type": "between_tools"}, ReasoningWish(extras={"type": "between_tools"})),
    ],
)
def test_thinking_is_a_wish(thinking: dict[str, Any], wish: ReasoningWish) -> None:
    assert _read(_user("hi"), thinking=thinking).reasoning == wish


def test_an_effort_alone_is_a_wish_too() -> None:
    assert _read(_user("hi"), output_config={"effort": "xhigh"}).reasoning == ReasoningWish("xhigh")


def test_results_become_a_tool_message_before_the_words_beside_them() -> None:
    request = _read(
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look"}]},
        _user(
            {"type": "text", "text": "well?"},
            {"type": "tool_result", "tool_use_id": "a", "content": "42", "is_error": True},
        ),
    )
    assert request.messages == (
        Message("assistant", (ToolCall("a", "look"),)),
        Message("tool", (ToolResult("a", (Text("42"),), is_error=True, name="look"),)),
        Message("user", (Text("well?"),)),
    )


@pytest.mark.parametrize(
    "lead", ["x-anthropic-billing-header: cc_version=1", " X-Anthropic-Billing-Header: x"]
)
def test_t93_the_billing_block_of_agent_clients_is_left_out(lead: str) -> None:
    blocks = [{"type": "text", "text": lead}, {"type": "text", "text": "Be kind."}]
    request = _read(_user("hi"), system=blocks)
    assert request.messages[0] == Message("system", (Text("Be kind."),))


def test_a_system_message_stays_where_it_stands() -> None:
    request = _read(_user("hi"), {"role": "system", "content": "Now be brief."})
    assert request.messages[1] == Message("system", (Text("Now be brief."),))


def test_fields_of_a_message_are_kept() -> None:
    request = _read({"role": "user", "content": "hi", "stamp": 1})
    assert request.messages[0].extras == {"stamp": 1}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"description": "no name"}]}, "tools.0.name"),
        ({"tools": [{"name": "a", "input_schema": 3}]}, "tools.0.input_schema"),
        ({"tool_choice": {"name": "x"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "enabled", "budget_tokens": "9"}}, "thinking.budget_tokens"),
        ({"system": [{"type": "text"}]}, "system.0.text"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"messages": [5]}, "messages"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Refused) as caught:
        _read(**fields) if "messages" not in fields else read_request(
            msgspec.json.encode({"model": "m", **fields})
        )
    assert caught.value.fault.param == param
    assert f"`{param}`" in caught.value.fault.message


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b'{"model":"a"}'])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_request(body)


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "role", "content", "id", "source", "data", "citations"]
            ),
            inner
            | st.sampled_from(["text", "image", "tool_use", "tool_result", "thinking", "user"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@drawn(st.lists(_JSON, max_size=3), _JSON, _JSON)
def test_any_json_gives_a_request_or_a_named_refusal(
    messages: Any, system: Any, tools: Any
) -> None:
    body = {"model": "m", "messages": messages, "system": system, "tools": tools}
    try:
        read_request(msgspec.json.encode(body))
    except Refused as caught:
        fault = caught.fault
    else:
        return
    assert fault.param is not None
