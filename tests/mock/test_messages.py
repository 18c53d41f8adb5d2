"""Messages as the mock speaks it."""

from typing import Any

import msgspec
from hypothesis import given, settings

from headgate.mock import messages
from headgate.mock.voice import Failure
from tests.mock.said import HELLO, PAYLOADS, whole


def test_the_last_user_message_is_heard_and_the_system_prompt_counted() -> None:
    body = {
        "system": [{"type": "text", "text": "Be brief"}],
        "messages": [
            {"role": "user", "content": "one two"},
            {"role": "assistant", "content": [{"type": "text", "text": "three"}]},
        ],
    }
    heard = messages.hear(body, True)
    assert (heard.text, heard.prompt_tokens, heard.wants_usage) == ("one two", 5, True)


def test_the_events_keep_the_order_of_the_specification() -> None:
    events = messages.speak(HELLO)
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * 3,
        "content_block_stop",
        "message_delta",
    ]
    assert events[0]["message"]["usage"]["input_tokens"] == 5
    assert events[-1]["usage"]["output_tokens"] == 3


def test_the_whole_reply_says_what_the_stream_says() -> None:
    reply = whole(messages.VOICE)
    assert reply["content"] == [{"type": "text", "text": "Hello big world"}]
    assert reply["stop_reason"] == "end_turn"
    assert (reply["usage"]["input_tokens"], reply["usage"]["output_tokens"]) == (5, 3)


def test_without_usage_nothing_speaks_of_it() -> None:
    silent = msgspec.structs.replace(HELLO, usage=False)
    assert b"usage" not in msgspec.json.encode(
        [messages.speak(silent), whole(messages.VOICE, silent)]
    )


def test_thinking_and_tool_calls_of_a_script_are_put_together() -> None:
    events: list[Any] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "h"}},
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "m"}},
        {"type": "content_block_delta", "index": 0, "delta": {"signature": "s"}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a"'}},
        {"type": "content_block_delta", "index": 1, "delta": {"partial_json": ":1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ]
    reply = messages.fold(events, HELLO)
    assert reply["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]
    assert reply["stop_reason"] == "tool_use"


def test_message_stop_is_added_once_and_not_after_an_error() -> None:
    assert messages.terminator([], HELLO) == {"type": "message_stop"}
    assert messages.terminator([{"type": "message_stop"}], HELLO) is None
    assert messages.terminator([{"type": "error"}], HELLO) is None


def test_an_error_has_the_vendors_type() -> None:
    error = messages.error(Failure(status=529, message="busy"))
    assert error == {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


@given(PAYLOADS)
@settings(max_examples=100)
def test_any_payloads_fold(payloads: list[Any]) -> None:
    assert isinstance(messages.fold(payloads, HELLO)["content"], list)
