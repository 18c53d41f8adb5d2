from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from headgate.dialects.destination import Quirks
from headgate.model.fault import Refused
from headgate.model.parts import CacheMark, Part, Reasoning, Text, ToolCall, ToolResult, Vendor
from headgate.model.request import (
    Message,
    ReasoningWish,
    ResponseFormat,
    Tool,
    ToolChoice,
)
from headgate.model.state import OpaqueState
from tests.dialects.messages import given

HI = given.said("user", Text("hi"))


def _texts(content: list[dict[str, Any]]) -> list[str]:
    return [block["text"] for block in content]


def test_the_head_of_the_conversation_is_the_system_prompt() -> None:
    body = given.written(
        given.asked(
            given.said("system", Text("One.")), given.said("developer", Text("Two."), Text(" ")), HI
        )
    )
    assert _texts(body["system"]) == ["One.", "Two."]
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_a_later_system_message_is_a_reminder_in_its_place() -> None:
    body = given.written(given.asked(HI, given.said("developer", Text("Be brief."))))
    assert _texts(body["messages"][0]["content"]) == [
        "hi",
        "<system-reminder>\nBe brief.\n</system-reminder>",
    ]


def test_a_model_that_takes_later_system_messages_gets_them() -> None:
    target = given.destination(mid_system=True)
    request = given.asked(HI, given.said("developer", Text("Be brief.")))
    assert [m["role"] for m in given.written(request, target)["messages"]] == ["user", "system"]
    misplaced = given.asked(HI, given.said("system", Text("Be brief.")), HI)
    assert [m["role"] for m in given.written(misplaced, target)["messages"]] == ["user"]


def test_neighbours_of_one_role_are_one_message() -> None:
    request = given.asked(HI, HI, given.said("assistant", Text("yo")), HI)
    roles = [message["role"] for message in given.written(request)["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_t77_tool_messages_are_one_user_message_with_the_results_leading() -> None:
    request = given.asked(
        HI,
        given.said("assistant", ToolCall("a", "look"), ToolCall("b", "look")),
        given.said("tool", ToolResult("a", (Text("1"),))),
        given.said("tool", ToolResult("b", (Text("2"),))),
        given.said("user", Text("so?")),
    )
    last = given.written(request)["messages"][-1]
    assert [block["type"] for block in last["content"]] == ["tool_result", "tool_result", "text"]


def test_the_name_of_a_speaker_is_a_loss() -> None:
    request = given.asked(Message("user", (Text("hi"),), name="bob"))
    assert given.write(request).losses == ("messages.name",)


def test_a_cap_of_zero_is_said() -> None:
    assert given.written(given.asked(HI, max_tokens=0))["max_tokens"] == 0


def test_a_prefill_goes_where_the_model_takes_one() -> None:
    request = given.asked(HI, given.said("assistant", Text("It is ")))
    body = given.written(request, given.destination(prefill=True))
    assert body["messages"][-1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "It is"}],
    }


@pytest.mark.parametrize(
    ("fields", "able"),
    [
        ({}, {"prefill": False}),
        ({"reasoning": ReasoningWish("low")}, {}),
        ({"response_format": ResponseFormat("json_schema", schema={"type": "object"})}, {}),
    ],
)
def test_a_prefill_that_is_refused_is_followed_by_the_user(
    fields: dict[str, Any], able: dict[str, Any]
) -> None:
    request = given.asked(HI, given.said("assistant", Text("It is")), **fields)
    result = given.write(request, given.destination(**able))
    assert msgspec.json.decode(result.body)["messages"][-1]["role"] == "user"
    assert result.losses == ("messages.prefill",)


def test_a_schema_is_native_where_the_model_knows_it() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}
    request = given.asked(HI, response_format=ResponseFormat("json_schema", "x", schema, True))
    result = given.write(request)
    body = msgspec.json.decode(result.body)
    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"a": {"type": "integer", "description": "{minimum: 1}"}},
            "additionalProperties": False,
        },
    }
    assert (result.losses, result.schema_tool) == ((), None)


def test_a_schema_that_must_be_closed_is_a_loss() -> None:
    schema = {"type": "object", "additionalProperties": True}
    request = given.asked(HI, response_format=ResponseFormat("json_schema", schema=schema))
    assert given.write(request).losses == ("response_format.schema.additionalProperties",)


def test_t32_elsewhere_a_forced_tool_stands_in_for_the_schema() -> None:
    shape = ResponseFormat("json_schema", schema={"type": "object"}, description="A joke.")
    result = given.write(
        given.asked(HI, response_format=shape), given.destination(native_schema=False)
    )
    body = msgspec.json.decode(result.body)
    assert result.schema_tool == "json_output"
    assert body["tools"][0]["description"] == "A joke."
    assert body["tool_choice"] == {
        "type": "tool",
        "name": "json_output",
        "disable_parallel_tool_use": True,
    }


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, "any"),
        (ToolChoice("auto"), "any"),
        (ToolChoice("required"), "any"),
        (ToolChoice("none"), "tool"),
    ],
)
def test_the_stand_in_leaves_the_callers_tools_usable(
    choice: ToolChoice | None, expected: str
) -> None:
    shape = ResponseFormat("json_schema", schema={"type": "object"})
    request = given.asked(HI, tools=(Tool("look"),), tool_choice=choice, response_format=shape)
    body = given.written(request, given.destination(native_schema=False))
    assert body["tool_choice"]["type"] == expected
    assert [tool["name"] for tool in body["tools"]] == ["look", "json_output"]


def test_a_tool_that_the_caller_forces_stays_forced() -> None:
    shape = ResponseFormat("json_schema", schema={"type": "object"})
    choice = ToolChoice("tool", given.ref("look"))
    request = given.asked(HI, tools=(Tool("look"),), tool_choice=choice, response_format=shape)
    body = given.written(request, given.destination(native_schema=False))
    assert body["tool_choice"] == {"type": "tool", "name": "look"}


def test_json_of_no_schema_is_asked_for_in_words() -> None:
    result = given.write(given.asked(HI, response_format=ResponseFormat("json_object")))
    assert "JSON" in msgspec.json.decode(result.body)["system"][0]["text"]
    assert result.losses == ("response_format",)


def test_manual_thinking_rests_in_a_tool_loop_whose_thoughts_are_gone() -> None:
    loop = (
        HI,
        given.said(
            "assistant", Reasoning("hm", state=OpaqueState("openai", "x")), ToolCall("a", "look")
        ),
        given.said("tool", ToolResult("a")),
    )
    request = given.asked(*loop, reasoning=ReasoningWish("low"))
    result = given.write(request, given.destination(thinking="budget"))
    assert b'"thinking"' not in result.body
    assert result.losses == ("reasoning_effort",)
    own = (
        loop[0],
        given.said(
            "assistant", Reasoning("hm", state=OpaqueState("anthropic", "s")), ToolCall("a", "look")
        ),
        loop[2],
    )
    request = given.asked(*own, reasoning=ReasoningWish("low"))
    assert given.written(request, given.destination(thinking="budget"))["thinking"]


def test_fields_of_this_dialect_go_back_with_their_betas() -> None:
    extras = {"mcp_servers": [{"url": "u"}], "container": "c", "output_config": {"x": 1}}
    request = given.asked(
        HI, dialect="messages", extras=extras, reasoning=ReasoningWish("low"), cache=CacheMark()
    )
    result = given.write(request)
    body = msgspec.json.decode(result.body)
    assert body["mcp_servers"] == [{"url": "u"}]
    assert body["output_config"] == {"x": 1, "effort": "low"}
    assert body["cache_control"] == {"type": "ephemeral"}
    assert result.headers == (
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "mcp-client-2025-11-20"),
    )


def test_t60_a_host_without_betas_gets_neither_half_of_a_pair() -> None:
    extras = {"context_management": {"edits": []}, "container": "c"}
    request = given.asked(HI, dialect="messages", extras=extras)
    result = given.write(request, given.destination(quirks=Quirks(refuses_betas=True)))
    assert b"context_management" not in result.body
    assert result.losses == ("context_management",)
    assert result.headers == (("anthropic-version", "2023-06-01"),)


def test_a_cloud_host_gets_its_version_and_no_model() -> None:
    quirks = Quirks(
        body_version="bedrock-2023-05-31", model_in_body=False, refuses_fields=frozenset({"stream"})
    )
    result = given.write(given.asked(HI, stream=True), given.destination(quirks=quirks))
    body = msgspec.json.decode(result.body)
    assert body["anthropic_version"] == "bedrock-2023-05-31"
    assert not {"model", "stream"} & body.keys()
    assert (result.headers, result.losses) == ((), ())


def test_a_field_that_the_backend_refuses_is_a_loss() -> None:
    quirks = Quirks(refuses_fields=frozenset({"metadata"}))
    request = given.asked(HI, user="u", dialect="messages")
    assert given.write(request, given.destination(quirks=quirks)).losses == ("metadata",)


_IDS = st.sampled_from(["a", "b", "functions.x:1", "call_1"])
_PARTS: dict[str, st.SearchStrategy[Part]] = {
    "user": st.builds(Text, st.sampled_from(["", " ", "hi", "\n"])),
    "assistant": st.one_of(
        st.builds(Text, st.sampled_from(["", " ", "yo"])),
        st.builds(ToolCall, _IDS, st.just("look"), st.sampled_from(["{}", "", "{bad", '{"a":1}'])),
        st.builds(
            Reasoning,
            st.sampled_from(["", "hm"]),
            st.just(False),
            st.sampled_from(
                [None, OpaqueState("anthropic", "s"), OpaqueState("openai", "x", "encrypted")]
            ),
        ),
        st.just(
            Vendor("messages", {"type": "server_tool_use", "id": "s", "name": "w", "input": {}})
        ),
    ),
    "tool": st.builds(ToolResult, _IDS, st.sampled_from([(), (Text("ok"),), (Text(""),)])),
    "system": st.builds(Text, st.sampled_from(["", "Rule."])),
}
_MESSAGES = st.lists(
    st.sampled_from(sorted(_PARTS)).flatmap(
        lambda role: st.builds(
            Message, st.just(role), st.lists(_PARTS[role], max_size=3).map(tuple)
        )
    ),
    max_size=8,
)


@settings(max_examples=80)
@drawn(_MESSAGES, st.booleans(), st.booleans())
def test_whatever_the_history_the_vendors_rules_are_kept(
    messages: Any, mid_system: bool, thinking: bool
) -> None:
    wish = ReasoningWish("low") if thinking else None
    request = given.asked(*messages, reasoning=wish)
    target = given.destination(mid_system=mid_system, prefill=False, thinking="budget")
    body = given.written(request, target)
    turns = body["messages"]
    assert turns[0]["role"] == "user"
    assert all(turn["content"] for turn in turns)
    for before, turn in zip(turns, [*turns[1:], None], strict=True):
        _check_turn(before, turn)


def _check_turn(turn: dict[str, Any], after: dict[str, Any] | None) -> None:
    content = turn["content"]
    kinds = [block["type"] for block in content]
    assert after is None or after["role"] != turn["role"]
    results = [kind == "tool_result" for kind in kinds]
    assert results == sorted(results, reverse=True)
    texts = [block["text"] for block in content if block["type"] == "text"]
    assert all(texts)
    assert "tool_use" in kinds or not texts or any(text.strip() for text in texts)
    calls = [block["id"] for block in content if block["type"] == "tool_use"]
    assert len(set(calls)) == len(calls)
    if calls:
        assert after is not None
        found = [b["tool_use_id"] for b in after["content"] if b["type"] == "tool_result"]
        assert sorted(found) == sorted(calls)


def test_a_request_that_cannot_be_said_is_a_refusal_of_ours() -> None:
    with pytest.raises(Refused):
        given.write(given.asked(HI, conversation="conv_1"))
