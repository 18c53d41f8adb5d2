from typing import Any

import msgspec
import pytest

from headgate.dialects.messages.reply_write import write_reply
from headgate.model.events import Finished
from headgate.model.fault import Refused
from headgate.model.parts import (
    Audio,
    Citation,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Url,
    Vendor,
)
from headgate.model.reply import Choice, Reply
from headgate.model.state import OpaqueState, seal
from headgate.model.usage import Usage
from tests.dialects.messages import given


def _tell(*parts: Part, finish: Finished | None = None, **fields: Any) -> dict[str, Any]:
    reply = Reply(choices=(Choice(0, parts, finish or Finished("end")),), **fields)
    body: dict[str, Any] = msgspec.json.decode(write_reply(reply, given.context()).body)
    return body


def _losses(*parts: Part) -> tuple[str, ...]:
    return write_reply(Reply(choices=(Choice(0, parts),)), given.context()).losses


def test_a_foreign_reply() -> None:
    assert _tell(Text("hi"), id="chatcmpl-1", model="gpt", usage=Usage(9, 2, 4)) == {
        "id": f"msg_{given.SEED[:24]}",
        "type": "message",
        "role": "assistant",
        "model": "fast",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 5,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 4,
            "output_tokens": 2,
        },
    }


def test_the_callers_own_name_of_the_model_and_the_messages_own_id() -> None:
    told = _tell(Text("hi"), id="msg_7", model="claude-upstream")
    assert (told["id"], told["model"]) == ("msg_7", "fast")


def test_t03_an_empty_text_is_no_block() -> None:
    call = ToolCall("t", "look")
    told = _tell(Text(""), call, finish=Finished("tools"))
    assert [block["type"] for block in told["content"]] == ["tool_use"]
    assert told["stop_reason"] == "tool_use"


def test_reasoning_of_others_is_sealed_and_of_nobody_too() -> None:
    state = OpaqueState("openai", "e", "encrypted", "rs_1")
    told = _tell(Reasoning("hm", True, state), Reasoning("ha"), Reasoning())
    assert told["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": seal(state)},
        {"type": "thinking", "thinking": "ha", "signature": seal(OpaqueState("unsigned", ""))},
    ]


def test_t81_ids_fit_the_dialect() -> None:
    told = _tell(ToolCall("functions.Bash:0", "Bash"), ToolCall("call_1", "x"))
    ids = [block["id"] for block in told["content"]]
    assert ids[0].startswith("toolu_hg")
    assert ids[1] == "call_1"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (ToolCall("t", "x", ""), {}),
        (ToolCall("t", "x", '{"a":1}'), {"a": 1}),
        (ToolCall("t", "x", '{"a":'), {"_raw": '{"a":'}),
        (ToolCall("t", "x", "*** Begin", custom=True), {"input": "*** Begin"}),
    ],
)
def test_the_input_of_a_call_is_an_object(call: ToolCall, expected: Any) -> None:
    assert _tell(call)["content"][0]["input"] == expected


def test_a_refusal_in_words_is_text() -> None:
    told = _tell(Refusal("No."), finish=Finished("refusal"))
    assert told["content"] == [{"type": "text", "text": "No."}]
    assert told["stop_reason"] == "refusal"


def test_what_has_no_words_is_listed() -> None:
    assert _losses(Image(Url("https://x"))) == ("image",)
    assert _losses(Audio("AAAA", transcript="hi")) == ("audio",)
    assert _losses(Vendor("responses", {"type": "web_search_call"})) == ("web_search_call",)
    assert _losses(Text("hi", (Citation(title="file"),))) == ("citations",)
    assert _losses(Text("hi", logprobs=({"token": "hi"},))) == ("logprobs",)


def test_there_is_one_answer_only() -> None:
    reply = Reply(choices=(Choice(1, (Text("b"),)), Choice(0, (Text("a"),))))
    told = write_reply(reply, given.context())
    assert told.losses == ("n",)
    assert b'"text":"a"' in told.body
    assert b'"text":"b"' not in told.body


def test_an_empty_reply_is_a_message() -> None:
    told = msgspec.json.decode(write_reply(Reply(), given.context(input_estimate=7)).body)
    assert told["content"] == []
    assert told["stop_reason"] == "end_turn"
    assert told["usage"]["input_tokens"] == 7


def test_a_broken_tool_call_is_an_error() -> None:
    with pytest.raises(Refused):
        _tell(finish=Finished("broken_tool_call"))


def test_what_is_lost_in_two_places_is_listed_once() -> None:
    assert _losses(Image(Url("https://x")), Image(Url("https://y"))) == ("image",)
