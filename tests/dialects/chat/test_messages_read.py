from typing import Any

import pytest

from headgate.dialects.chat.messages_read import History
from headgate.model.fault import Refused
from headgate.model.parts import Image, Text, ToolResult, Url
from headgate.model.request import Message


def read(*messages: Any) -> tuple[Message, ...]:
    return History(()).read(list(messages))


def test_every_role_is_read_where_it_stands() -> None:
    roles = ("system", "developer", "user", "assistant")
    found = read(*({"role": role, "content": "a"} for role in roles))
    assert [message.role for message in found] == list(roles)
    assert {message.parts for message in found} == {(Text("a"),)}


def test_a_result_knows_the_call_that_it_answers() -> None:
    call = {"id": "c", "type": "custom", "custom": {"name": "p", "input": "x"}}
    _, result = read(
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "ok"}]},
    )
    assert result.parts == (ToolResult("c", (Text("ok"),), custom=True, name="p"),)


def test_a_picture_in_a_result_is_kept() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://i"}}
    (result,) = read({"role": "tool", "tool_call_id": "c", "content": [image]})
    assert result.parts == (ToolResult("c", (Image(Url("https://i")),)),)


def test_names_and_unknown_fields_are_kept_and_nulls_are_not() -> None:
    (message,) = read(
        {"role": "user", "name": "bob", "content": "a", "prefix": True, "refusal": None}
    )
    assert message == Message("user", (Text("a"),), "bob", {"prefix": True})


def test_input_is_text_or_items() -> None:
    assert History(()).read_input("Hi") == (Message("user", (Text("Hi"),)),)
    items = [{"type": "reasoning", "summary": [{"text": "a"}, {"text": "b"}]}]
    assert History(()).read_input(items)[0].role == "assistant"
    for wrong in (5, [5]):
        with pytest.raises(Refused):
            History(()).read_input(wrong)
