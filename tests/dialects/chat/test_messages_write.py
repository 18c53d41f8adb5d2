import json
from typing import Any

import pytest

from headgate.dialects.chat.request_write import write_request
from headgate.dialects.destination import Abilities, Destination, Quirks
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    PlainText,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Vendor,
)
from headgate.model.request import Message, Request

PNG = Inline("image/png", "iVBORw0KGgo=")


def write(
    *messages: Message,
    dialect: str = "messages",
    quirks: Quirks = Quirks(),  # noqa: B008 - frozen
    abilities: Abilities = Abilities(),  # noqa: B008 - frozen
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    request = Request(dialect=dialect, model="a", messages=messages)
    destination = Destination(model="m", vendor="v", quirks=quirks, abilities=abilities)
    told = write_request(request, destination)
    return json.loads(told.body)["messages"], told.losses


def user(*parts: Any) -> Message:
    return Message("user", parts)


def test_one_plain_text_is_a_string_and_more_are_parts() -> None:
    said, _ = write(user(Text("a")), user(Text("a"), Text("b")))
    assert said[0]["content"] == "a"
    assert said[1]["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_t79_empty_text_is_left_out() -> None:
    assert write(user(Text(""), Text("a")))[0][0]["content"] == "a"


def test_the_developers_role_is_written_where_it_is_known() -> None:
    message = Message("developer", (Text("a"),))
    assert write(message)[0][0]["role"] == "developer"
    assert write(message, quirks=Quirks(developer_role=False))[0][0]["role"] == "system"


def test_t93_the_billing_line_stays_at_home() -> None:
    billing = Text("x-anthropic-billing-header: cc_version=1")
    said, _ = write(Message("system", (billing, Text("a"))), Message("system", (billing,)))
    assert said == [{"role": "system", "content": "a"}]


def test_pictures_and_files_and_sound() -> None:
    said, losses = write(
        user(
            Image(Url("https://x/y.png"), "low"),
            Image(PNG),
            Document(Inline("application/pdf", "AAAA"), "a.pdf", cite=True),
            Document(PlainText("words"), "Title", "Context"),
            Audio("AAAA", "wav"),
        )
    )
    assert said[0]["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"},
        },
        {"type": "text", "text": "Title\n\nContext\n\nwords"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ]
    assert losses == ("messages.citations",)


@pytest.mark.parametrize(
    "part",
    [
        Image(FileId("f", "messages")),
        Document(Url("https://x/y.pdf")),
        Document(FileId("f", "messages")),
    ],
)
def test_what_the_backend_could_not_see_is_refused(part: Any) -> None:
    with pytest.raises(Untranslatable):
        write(user(part))


def test_a_picture_for_a_model_without_eyes_is_refused() -> None:
    with pytest.raises(Untranslatable):
        write(user(Image(PNG)), abilities=Abilities(images=False))


def test_parts_of_other_vendors_are_losses_and_own_ones_go_back() -> None:
    _, losses = write(user(Vendor("messages", {"type": "container_upload"}), Text("a")))
    assert losses == ("messages.container_upload",)
    own = {"type": "document_url", "document_url": "u"}
    said, losses = write(user(Vendor("chat", own)), dialect="chat")
    assert said[0]["content"] == [own]
    assert losses == ()


def test_cache_marks_go_back_to_their_own_dialect_and_are_silent_elsewhere() -> None:
    marked = Text("a", cache=CacheMark(None, {"type": "ephemeral"}))
    assert write(user(marked)) == ([{"role": "user", "content": "a"}], ())
    said, _ = write(user(marked), dialect="chat")
    assert said[0]["content"][0]["cache_control"] == {"type": "ephemeral"}


def test_t78_pictures_in_results_follow_all_results_of_the_turn() -> None:
    said, _ = write(
        Message("assistant", (ToolCall("a", "f"), ToolCall("b", "f"))),
        Message("tool", (ToolResult("a", (Text("see"), Image(PNG))),)),
        Message("tool", (ToolResult("b", (Text("no"),), is_error=True),)),
        user(Text("and?")),
    )
    assert [m["role"] for m in said] == ["assistant", "tool", "tool", "user", "user"]
    assert [m["content"] for m in said[1:3]] == ["see", "Error: no"]
    assert "a" in said[3]["content"][0]["text"]
    assert said[3]["content"][1]["type"] == "image_url"


def test_results_of_one_message_are_one_message_each() -> None:
    said, _ = write(
        Message("assistant", (ToolCall("a", "f"), ToolCall("b", "f"))),
        Message("tool", (ToolResult("a"), ToolResult("b", (Text("x"), Text("y"))))),
    )
    assert said[1:] == [
        {"role": "tool", "tool_call_id": "a", "content": ""},
        {"role": "tool", "tool_call_id": "b", "content": "x\ny"},
    ]


def test_a_turn_that_other_dialects_split_is_one_message() -> None:
    said, _ = write(
        Message("assistant", (Text("let me see"),)),
        Message("assistant", (ToolCall("a", "f"),)),
        Message("assistant", (ToolCall("b", "g"),)),
        Message("tool", (ToolResult("a"),)),
        Message("tool", (ToolResult("b"),)),
        dialect="responses",
    )
    assert len(said) == 3
    assert said[0]["content"] == "let me see"
    assert [c["function"]["name"] for c in said[0]["tool_calls"]] == ["f", "g"]


def test_t82_ids_of_nine_characters_are_the_same_in_call_and_result() -> None:
    said, _ = write(
        Message("assistant", (ToolCall("call_abcdefghijk", "f"),)),
        Message("tool", (ToolResult("call_abcdefghijk"),)),
        quirks=Quirks(nine_character_tool_ids=True),
    )
    id_ = said[0]["tool_calls"][0]["id"]
    assert len(id_) == 9
    assert id_.isalnum()
    assert said[1]["tool_call_id"] == id_


def test_t96_an_id_used_twice_is_told_apart() -> None:
    turn = (
        Message("assistant", (ToolCall("x", "f"),)),
        Message("tool", (ToolResult("x", (Text("1"),)),)),
    )
    said, _ = write(*turn, user(Text("again")), *turn)
    ids = [m["tool_calls"][0]["id"] for m in said if "tool_calls" in m]
    answered = [m["tool_call_id"] for m in said if m["role"] == "tool"]
    assert ids == answered
    assert len(set(ids)) == 2


def test_names_and_unknown_fields_of_messages() -> None:
    named = Message("user", (Text("a"),), "bob", {"prefix": True})
    assert write(named, dialect="chat")[0][0]["prefix"] is True
    said, losses = write(named)
    assert said[0]["name"] == "bob"
    assert losses == ("messages.prefix",)


def test_reasoning_in_a_tool_result_is_no_part_of_the_answer() -> None:
    said, _ = write(Message("assistant", (Reasoning("hm"), Text("a"))))
    assert said == [{"role": "assistant", "content": "a"}]


MARK = CacheMark(None, {"type": "ephemeral"})


def test_prompt_cache_marks_reach_a_backend_that_takes_them() -> None:
    quirks = Quirks(cache_marks=True)
    system = Message("system", (Text("a", cache=MARK), Text("b")))
    said, losses = write(system, user(Text("c", cache=MARK)), quirks=quirks)
    marked = {"type": "text", "cache_control": {"type": "ephemeral"}}
    assert said[0]["content"] == [{"type": "text", "text": "a"}, {**marked, "text": "b"}]
    assert said[1]["content"] == [{**marked, "text": "c"}]
    assert losses == ()


def test_prompt_cache_marks_reach_no_other_backend() -> None:
    said, _ = write(Message("system", (Text("a", cache=MARK),)), user(Text("c", cache=MARK)))
    assert [message["content"] for message in said] == ["a", "c"]
