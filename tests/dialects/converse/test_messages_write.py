"""Messages in Converse's words."""

import re
from typing import Any

import pytest

from headgate.dialects.destination import Abilities, Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    Image,
    Inline,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Vendor,
)
from headgate.model.request import Message
from headgate.model.state import OpaqueState
from tests.dialects.converse.drive import ask, body, write

USER = Message("user", (Text("hi"),))
CALLS = Message("assistant", (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g")))


def result(id_: str, *parts: Any, **more: Any) -> Message:
    return Message("tool", (ToolResult(id_, parts, **more),))


def messages(*given: Message) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = body(ask(*given))["messages"]
    return written


def test_instructions_and_their_cache_mark_are_the_system() -> None:
    head = Message("system", (Text("one"), Text(" "), Text("two", cache=CacheMark("1h"))))

    assert body(ask(head, USER))["system"] == [
        {"text": "one"},
        {"text": "two"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
    ]


def test_instructions_inside_the_conversation_are_asides_of_the_user() -> None:
    (written,) = messages(USER, Message("system", (Text("brief"),)))

    assert written["content"][0] == {"text": "<system-reminder>\nbrief\n</system-reminder>"}


def test_t77_results_lead_the_next_message_in_the_order_of_their_calls() -> None:
    written = messages(
        USER, CALLS, result("b", Text("two")), result("a", Text("no"), is_error=True), USER
    )

    assert written[1:] == [
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
                {"toolUse": {"toolUseId": "b", "name": "g", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "no"}], "status": "error"}},
                {"toolResult": {"toolUseId": "b", "content": [{"text": "two"}]}},
                {"text": "hi"},
            ],
        },
    ]


def test_unanswered_calls_and_orphans_are_mended() -> None:
    written = messages(USER, CALLS, result("z", Text("lost")))
    first, second, *told = written[2]["content"]

    assert first["toolResult"]["status"] == second["toolResult"]["status"] == "error"
    assert told == [{"text": "Result of z:"}, {"text": "lost"}]


def test_t81_ids_fit_and_calls_and_results_stay_together() -> None:
    odd = Message("assistant", (ToolCall("functions.Bash:0", "f"),))
    written = messages(USER, odd, result("functions.Bash:0", Text("x")))
    sent = written[1]["content"][0]["toolUse"]["toolUseId"]

    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", sent)
    assert written[2]["content"][0]["toolResult"]["toolUseId"] == sent


def test_t78_pictures_and_files_ride_in_results() -> None:
    picture, text = Image(Inline("image/png", "AA==")), Document(PlainText("x"))
    (answered, _) = messages(USER, CALLS, result("a", picture, text))[2]["content"]

    assert [list(block) for block in answered["toolResult"]["content"]] == [
        ["image"],
        ["document"],
    ]
    empty = messages(USER, CALLS, result("a"))[2]["content"][0]
    assert empty["toolResult"]["content"] == [{"text": "(no output)"}]


def test_t79_empty_and_blank_texts_are_left_out() -> None:
    blank = Message("user", (Text(""), Text(" \n"), Text("a")))

    assert messages(blank) == [{"role": "user", "content": [{"text": "a"}]}]
    assert messages(Message("user", (Text(" "),)))[0]["content"] == [{"text": "(continue)"}]


def test_thoughts_go_back_to_their_own_vendor_alone() -> None:
    own = Reasoning("hm", state=OpaqueState("anthropic", "sig"))
    redacted = Reasoning(state=OpaqueState("anthropic", "xx", "redacted"))
    foreign = Reasoning("hm", state=OpaqueState("google", "other"))
    said = Message("assistant", (own, redacted, foreign, Reasoning("bare"), Text("a")))

    assert messages(USER, said, USER)[1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "xx"}},
        {"text": "a"},
    ]


def test_a_conversation_opens_with_the_user_and_alternates() -> None:
    said = Message("assistant", (Text("a"),))

    assert [m["role"] for m in messages(said, said, USER, USER)] == ["user", "assistant", "user"]
    assert messages()[0]["content"] == [{"text": "(continue)"}]


def test_a_last_assistant_message_is_continued_where_the_model_can() -> None:
    prefill = Message("assistant", (Text("Once upon "),))
    unable = Destination(model="m", vendor="anthropic", abilities=Abilities(prefill=False))

    assert messages(USER, prefill)[1]["content"] == [{"text": "Once upon"}]
    with pytest.raises(Untranslatable):
        write(ask(USER, prefill), unable)


def test_a_file_is_never_without_words() -> None:
    (written,) = messages(Message("user", (Document(PlainText("x")),)))

    assert written["content"][1] == {"text": "(see the attached file)"}


def test_cache_marks_are_cache_points() -> None:
    marked = Message("user", (Text("a", cache=CacheMark()), Text("b")))
    answered = Message("tool", (ToolResult("a", (Text("x"),), cache=CacheMark("5m")),))

    assert messages(marked)[0]["content"] == [
        {"text": "a"},
        {"cachePoint": {"type": "default"}},
        {"text": "b"},
    ]
    assert messages(USER, CALLS, answered)[2]["content"][1] == {
        "cachePoint": {"type": "default", "ttl": "5m"}
    }


def test_custom_and_broken_arguments_are_objects() -> None:
    calls = Message(
        "assistant",
        (
            ToolCall("1", "p", "raw", custom=True),
            ToolCall("2", "f", "{bad"),
            ToolCall("3", "f", ""),
        ),
    )

    assert [block["toolUse"]["input"] for block in messages(USER, calls)[1]["content"]] == [
        {"input": "raw"},
        {"_raw": "{bad"},
        {},
    ]


def test_the_rest_is_carried_or_listed_or_refused() -> None:
    own = {"toolUse": {"toolUseId": "s", "type": "server_tool_use"}}
    said = Message(
        "assistant",
        (Refusal("no"), Vendor("converse", own), Vendor("messages", {"type": "web_result"})),
    )
    asked = Message(
        "user",
        (
            Text("a", extras={"odd": 1}),
            Image(Inline("image/png", "AA=="), detail="low"),
            Audio(id="x", transcript="said"),
        ),
    )
    written = write(ask(USER, said, asked))

    assert body(ask(USER, said, asked))["messages"][1]["content"] == [{"text": "no"}, own]
    assert written.losses == ("messages.web_result", "messages.odd", "messages.detail")
    with pytest.raises(Untranslatable):
        write(ask(Message("user", (Audio("AA==", "wav"),))))
