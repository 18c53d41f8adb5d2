from typing import Any

import pytest

from headgate.dialects.responses.input_read import InputReader
from headgate.model.fault import Refused
from headgate.model.parts import Image, Reasoning, Text, ToolCall, ToolResult, Url, Vendor
from headgate.model.request import Message, Tool
from tests.dialects.responses import given


def _read(*items: Any) -> list[Message]:
    reader = InputReader(())
    reader.read(list(items))
    return reader.messages


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "r"}


def test_a_string_is_what_the_user_says() -> None:
    reader = InputReader(())
    reader.read("hi")
    assert reader.messages == [given.said("user", Text("hi"))]


def test_messages_need_no_type() -> None:
    assert _read(
        {"role": "system", "content": "s"},
        {"role": "developer", "content": [{"type": "input_text", "text": "d"}]},
        {"type": "message", "role": "user", "content": "u"},
        {"role": "assistant", "content": "a"},
    ) == [
        given.said("system", Text("s")),
        given.said("developer", Text("d")),
        given.said("user", Text("u")),
        given.said("assistant", Text("a")),
    ]


def test_items_of_one_turn_are_one_message() -> None:
    custom = {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "raw"}
    answer = {"type": "custom_tool_call_output", "call_id": "d", "output": "R"}
    assert _read(
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}]},
        {"role": "assistant", "content": "a"},
        CALL,
        custom,
        RESULT,
        answer,
        {"role": "user", "content": "u"},
    ) == [
        given.said(
            "assistant",
            Reasoning("t", True),
            Text("a"),
            ToolCall("c", "f"),
            ToolCall("d", "g", "raw", True),
        ),
        given.said(
            "tool",
            ToolResult("c", (Text("r"),)),
            ToolResult("d", (Text("R"),), custom=True),
        ),
        given.said("user", Text("u")),
    ]


def test_a_second_message_begins_a_turn_unless_a_call_waits_for_its_answer() -> None:
    said = {"role": "assistant", "content": "a"}
    assert [len(message.parts) for message in _read(said, said)] == [1, 1]
    assert [len(message.parts) for message in _read(said, CALL, said, RESULT)] == [3, 1]


def test_pictures_in_results_are_kept() -> None:
    picture = {"type": "input_image", "image_url": "https://x"}
    (message,) = _read({**RESULT, "output": [{"type": "input_text", "text": "r"}, picture]})
    assert message.parts == (ToolResult("c", (Text("r"), Image(Url("https://x")))),)


def test_items_without_counterparts_stay_where_they_were_said() -> None:
    search = {"type": "web_search_call", "id": "ws_1"}
    approval = {"type": "mcp_approval_response", "approve": True}
    found = {"type": "tool_search_output", "execution": "client", "tools": []}
    reference = {"type": "item_reference", "id": "msg_1"}
    assert _read(search, reference, approval, found) == [
        given.said("assistant", Vendor("responses", search), Vendor("responses", reference)),
        given.said("user", Vendor("responses", approval)),
        given.said("user", Vendor("responses", found)),
    ]


def test_t88_additional_tools_are_tools_and_their_place_is_remembered() -> None:
    item = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "g"}],
    }
    reader = InputReader((Tool("f"),))
    reader.read([{"role": "user", "content": "u"}, item])
    assert reader.tools == [Tool("f"), Tool("g")]
    assert reader.notes == [(1, item, (("g", None),))]


@pytest.mark.parametrize(
    ("items", "param"),
    [
        (3, "input"),
        ([3], "input[0]"),
        ([{"role": "robot", "content": "x"}], "input[0].role"),
        ([{"role": "user", "content": 3}], "input[0].content"),
        ([{"role": "assistant", "content": 3}], "input[0].content"),
        ([{"role": "user", "content": [3]}], "input[0].content[0]"),
        ([{"type": "function_call_output", "output": "x"}], "input[0].call_id"),
        ([{"type": "function_call", "name": "f"}], "input[0].call_id"),
        ([{"type": "function_call", "call_id": "c"}], "input[0].call_id"),
        ([{"type": "additional_tools", "tools": 3}], "input[0].tools"),
    ],
)
def test_a_broken_item_is_refused_by_name(items: Any, param: str) -> None:
    with pytest.raises(Refused) as refused:
        InputReader(()).read(items)
    assert refused.value.fault.param == param


def test_a_bare_string_among_the_items_is_the_users() -> None:
    assert _read("hi") == [given.said("user", Text("hi"))]
