"""Messages as contents."""

from typing import Any

from headgate.model.parts import Document, Image, Inline, PlainText, Text, ToolCall, ToolResult
from headgate.model.request import Message
from tests.dialects.gemini.drive import BUDGET, LEVEL, ask, body, write

USER = Message("user", (Text("hi"),))
CALLS = Message("assistant", (ToolCall("a", "f"), ToolCall("b", "g")))


def result(id_: str, *parts: Any, **more: Any) -> Message:
    return Message("tool", (ToolResult(id_, parts, **more),))


def test_instructions_at_the_head_are_the_system_instruction() -> None:
    written = body(
        ask(Message("system", (Text("one"), Text("two"))), Message("developer", (Text("3"),)), USER)
    )

    assert written["systemInstruction"] == {
        "parts": [{"text": "one"}, {"text": "two"}, {"text": "3"}]
    }
    assert written["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_instructions_inside_the_conversation_are_asides_of_the_user() -> None:
    written = body(ask(USER, Message("system", (Text("be brief"),)), USER))

    (content,) = written["contents"]
    assert [part["text"] for part in content["parts"]] == [
        "<system-reminder>\nbe brief\n</system-reminder>",
        "hi",
        "hi",
    ]


def test_t77_responses_stand_together_in_the_order_of_their_calls() -> None:
    written = body(
        ask(USER, CALLS, result("b", Text("two")), result("a", Text("1"), Text("2")), USER)
    )

    assert written["contents"][2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "a", "name": "f", "response": {"result": "1\n2"}}},
            {"functionResponse": {"id": "b", "name": "g", "response": {"result": "two"}}},
            {"text": "hi"},
        ],
    }


def test_a_failed_tool_says_error_and_an_unanswered_call_is_answered() -> None:
    written = body(ask(USER, CALLS, result("a", Text("boom"), is_error=True), USER))
    first, second, _ = written["contents"][2]["parts"]

    assert first["functionResponse"]["response"] == {"error": "boom"}
    assert list(second["functionResponse"]["response"]) == ["error"]
    assert len(body(ask(USER, CALLS))["contents"][2]["parts"]) == 2


def test_a_result_without_its_call_is_told_in_words() -> None:
    written = body(ask(USER, result("z", Text("lost"), name="f")))

    assert {"text": "Result of f:\nlost"} in written["contents"][0]["parts"]


def test_t78_pictures_in_results_ride_inside_from_gemini_3_on_and_behind_before() -> None:
    picture = Image(Inline("image/png", "AA=="))
    request = ask(USER, CALLS, result("a", Text("see"), picture), result("b"), USER)
    inline = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}

    inside = body(request, LEVEL)["contents"][2]["parts"]
    assert inside[0]["functionResponse"]["parts"] == [inline]
    assert len(inside) == 3
    behind = body(request, BUDGET)["contents"][2]["parts"]
    assert behind[2:] == [{"text": "Files of the result of f (a):"}, inline, {"text": "hi"}]


def test_roles_alternate_and_a_user_comes_first() -> None:
    said = Message("assistant", (Text("hello"),))

    assert [c["role"] for c in body(ask(said, said, USER, USER))["contents"]] == [
        "user",
        "model",
        "user",
    ]
    assert body(ask())["contents"] == [{"role": "user", "parts": [{"text": ""}]}]
    empty = Message("user", (Text(""),))
    assert [c["role"] for c in body(ask(USER, said, empty, said))["contents"]] == ["user", "model"]


def test_what_gemini_cannot_say_is_listed() -> None:
    message = Message(
        "user",
        (
            Text("hi", extras={"odd": 1, "chat": {}}),
            Image(Inline("image/png", "AA=="), detail="high"),
            Document(PlainText("x"), cite=True),
        ),
        name="bob",
        extras={"weight": 0},
    )

    assert write(ask(message)).losses == (
        "messages.weight",
        "messages.name",
        "messages.odd",
        "messages.detail",
        "messages.citations",
    )
