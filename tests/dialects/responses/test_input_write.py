from typing import Any

import pytest

from headgate.dialects.destination import Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.model.state import OpaqueState, seal
from tests.dialects.responses import given

OWN = OpaqueState("openai", "blob", "encrypted", "rs_1")
FOREIGN = OpaqueState("anthropic", "sig")


def _items(*parts: Part, **quirks: Any) -> list[dict[str, Any]]:
    request = given.asked(given.said("assistant", *parts), dialect="messages")
    return given.items(request, given.destination(quirks=Quirks(**quirks)))


def test_messages_of_every_role() -> None:
    request = given.asked(
        given.said("system", Text("s")),
        given.said("developer", Text("d")),
        given.said("user", Text("u"), Image(Url("https://x"))),
        given.said("assistant", Text("a"), Refusal("no")),
    )
    assert given.items(request) == [
        {"type": "message", "role": "system", "content": "s"},
        {"type": "message", "role": "developer", "content": "d"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "u"},
                {"type": "input_image", "image_url": "https://x"},
            ],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "a", "annotations": []},
                {"type": "refusal", "refusal": "no"},
            ],
        },
    ]


def test_developers_are_the_system_where_the_backend_knows_no_other() -> None:
    request = given.asked(given.said("developer", Text("d")))
    target = given.destination(quirks=Quirks(developer_role=False))
    assert given.items(request, target)[0]["role"] == "system"


def test_t83_calls_carry_their_call_id_and_no_item_id() -> None:
    assert _items(ToolCall("toolu_1", "f", '{"a":1}'), ToolCall("toolu_2", "g", "")) == [
        {"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "toolu_2", "name": "g", "arguments": "{}"},
    ]


def test_ids_that_are_too_long_are_mapped_alike_in_call_and_result() -> None:
    long = "x" * 65
    request = given.asked(
        given.said("assistant", ToolCall(long, "f")),
        given.said("tool", ToolResult(long, (Text("r"),))),
    )
    call, result = given.items(request)
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


def test_t96_an_id_used_again_before_its_answer_is_told_apart() -> None:
    request = given.asked(
        given.said("assistant", ToolCall("c", "f"), ToolCall("c", "g")),
        given.said("tool", ToolResult("c", (Text("1"),)), ToolResult("c", (Text("2"),))),
        given.said("assistant", ToolCall("c", "f")),
        given.said("tool", ToolResult("c", (Text("3"),))),
    )
    ids = [item["call_id"] for item in given.items(request)]
    assert ids[0] == ids[2] == ids[4] == ids[5] == "c"
    assert ids[1] == ids[3] != "c"


def test_t78_results_hold_pictures_and_say_that_they_are_errors() -> None:
    request = given.asked(
        given.said(
            "tool",
            ToolResult("a", (Text("r"), Image(Url("https://x")))),
            ToolResult("b", (Text("broke"),), is_error=True),
            ToolResult("c", (Image(Url("https://x")),), is_error=True),
            ToolResult("d"),
            ToolResult("e", (Text("raw"),), custom=True),
        )
    )
    written = given.items(request)
    assert written[0]["output"][1] == {"type": "input_image", "image_url": "https://x"}
    assert written[1]["output"] == "Error: broke"
    assert written[2]["output"][0] == {"type": "input_text", "text": "Error: "}
    assert written[3] == {"type": "function_call_output", "call_id": "d", "output": ""}
    assert written[4]["type"] == "custom_tool_call_output"


def test_reasoning_goes_back_to_its_own_vendor_alone() -> None:
    call = ToolCall("c", "f")
    assert _items(Reasoning("t", True, OWN), call)[0] == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "t"}],
        "id": "rs_1",
        "encrypted_content": "blob",
    }
    assert [item["type"] for item in _items(Reasoning("t", False, FOREIGN), call)] == [
        "function_call"
    ]
    assert [item["type"] for item in _items(Reasoning("t"), call)] == ["function_call"]


def test_what_other_dialects_call_a_thought_goes_back_as_the_summary_that_it_was() -> None:
    (reasoning, _) = _items(Reasoning("t", False, OWN), ToolCall("c", "f"))
    assert reasoning["summary"] == [{"type": "summary_text", "text": "t"}]
    assert "content" not in reasoning
    own = given.asked_here(
        input=[
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "t"}],
                "encrypted_content": "blob",
            },
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        ]
    )
    assert given.items(own)[0]["content"] == [{"type": "reasoning_text", "text": "t"}]


def test_t84_reasoning_without_what_it_led_to_is_left_out() -> None:
    assert _items(Text("a"), Reasoning("", True, OWN)) == [
        {"type": "message", "role": "assistant", "content": "a"}
    ]
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    request = given.asked_here(input=[reasoning, {"role": "user", "content": "u"}])
    assert [item["type"] for item in given.items(request)] == ["message"]
    request = given.asked_here(input=[reasoning, {"type": "web_search_call", "id": "w"}])
    assert [item["type"] for item in given.items(request)] == ["reasoning", "web_search_call"]


def test_t86_backends_that_want_thoughts_back_get_them_as_text() -> None:
    items = _items(Reasoning("t", False, FOREIGN), Text("a"), wants_reasoning_back=True)
    assert items[0] == {
        "type": "reasoning",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "t"}],
    }


def test_t87_each_call_has_its_own_reasoning_where_the_backend_wants_that() -> None:
    items = _items(
        Reasoning("t", False),
        ToolCall("a", "f"),
        ToolCall("b", "g"),
        reasoning_before_each_call=True,
    )
    assert [item["type"] for item in items] == ["reasoning", "function_call"] * 2
    assert items[0] == items[2]
    bare = _items(Text("x"), ToolCall("a", "f"), reasoning_before_each_call=True)
    assert bare[1] == {"type": "reasoning", "summary": []}


def test_reasoning_ids_of_ours_are_never_written() -> None:
    ours = {"type": "reasoning", "id": "rs_hg1", "summary": [{"type": "summary_text", "text": "t"}]}
    answer = {"role": "assistant", "content": "a"}
    request = given.asked_here(input=[ours, answer])
    assert [item["type"] for item in given.items(request)] == ["message"]
    sealed = {**ours, "encrypted_content": seal(OWN)}
    request = given.asked_here(input=[sealed, answer])
    assert given.items(request)[0]["id"] == "rs_1"
    assert given.items(request, given.destination("xai"))[0]["type"] == "message"


def test_t79_empty_texts_of_other_dialects_are_left_out_of_answers() -> None:
    assert _items(Text(""), ToolCall("c", "f"))[0]["type"] == "function_call"
    assert _items(Text("")) == []


def test_t93_a_note_to_another_vendors_billing_is_left_out() -> None:
    note = Text("x-anthropic-billing-header: cc_version=1;")
    request = given.asked(given.said("system", note, Text("s")), dialect="messages")
    assert given.items(request) == [{"type": "message", "role": "system", "content": "s"}]
    request = given.asked(given.said("system", note), given.said("user", Text("u")))
    assert [item["role"] for item in given.items(request)] == ["user"]


def test_an_item_reference_goes_to_this_dialect_only_as_it_came() -> None:
    reference = {"type": "item_reference", "id": "msg_1"}
    request = given.asked_here(input=[reference])
    assert given.items(request) == [reference]
    foreign = given.asked(given.said("assistant", Vendor("responses", reference)))
    with pytest.raises(Untranslatable):
        given.items(foreign)


def test_what_an_answer_cannot_hold_is_named() -> None:
    request = given.asked(
        given.said(
            "assistant",
            Audio(id="a"),
            Vendor("messages", {"type": "server_tool_use"}),
            ToolCall("c", "f", extras={"odd": 1}),
        )
    )
    assert given.write(request).losses == (
        "messages.audio",
        "messages.server_tool_use",
        "messages.odd",
        "messages.prefill",
    )


def test_a_tools_message_holds_results_only() -> None:
    with pytest.raises(Untranslatable):
        given.items(given.asked(given.said("tool", Text("x"))))
