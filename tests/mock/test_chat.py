"""Chat as the mock speaks it."""

from typing import Any

import msgspec
from hypothesis import given, settings

from headgate.mock import chat
from headgate.mock.voice import Failure
from tests.mock.said import HELLO, PAYLOADS, whole


def test_the_last_user_message_is_heard_and_all_words_are_counted() -> None:
    body = {
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": [{"type": "text", "text": "one two"}]},
            {"role": "assistant", "content": "three"},
        ]
    }
    heard = chat.hear(body, False)
    assert (heard.text, heard.prompt_tokens, heard.wants_usage) == ("one two", 5, True)


def test_a_stream_has_usage_only_where_it_was_asked_for() -> None:
    assert not chat.hear({}, True).wants_usage
    assert chat.hear({"stream_options": {"include_usage": True}}, True).wants_usage
    silent = msgspec.structs.replace(HELLO, usage=False)
    assert all("usage" not in payload for payload in chat.speak(silent))


def test_role_words_finish_and_usage_come_in_order() -> None:
    payloads = chat.speak(HELLO)
    choices = [choice for payload in payloads for choice in payload["choices"]]
    assert choices[0]["delta"]["role"] == "assistant"
    assert [choice["delta"].get("content") for choice in choices[1:-1]] == list(HELLO.pieces)
    assert choices[-1]["finish_reason"] == "stop"
    assert [payload["usage"] for payload in payloads[:-1]] == [None] * 5
    assert payloads[-1]["usage"]["total_tokens"] == 8


def test_the_whole_reply_says_what_the_stream_says() -> None:
    reply = whole(chat.VOICE)
    assert reply["object"] == "chat.completion"
    assert reply["choices"][0]["message"]["content"] == "Hello big world"
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"]["completion_tokens"] == 3


def test_tool_calls_and_reasoning_of_a_script_are_put_together() -> None:
    pieces: list[dict[str, Any]] = [
        {"reasoning_content": "hm"},
        {"reasoning_content": "m"},
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "c2", "function": {"name": "g", "arguments": "{"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "}"}}]},
    ]
    payloads: list[Any] = [{"choices": [{"index": 0, "delta": piece}]} for piece in pieces]
    message = chat.fold(payloads, HELLO)["choices"][0]["message"]
    assert message["reasoning_content"] == "hmm"
    assert [(call["id"], call["function"]) for call in message["tool_calls"]] == [
        ("c1", {"name": "f", "arguments": "{}"}),
        ("c2", {"name": "g", "arguments": "{}"}),
    ]


def test_done_is_added_once() -> None:
    assert chat.terminator([{}], HELLO) == "[DONE]"
    assert chat.terminator([{}, "[DONE]"], HELLO) is None


def test_an_error_has_type_and_code() -> None:
    error = chat.error(Failure(status=429, message="slow down"))["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")


@given(PAYLOADS)
@settings(max_examples=100)
def test_any_payloads_fold(payloads: list[Any]) -> None:
    assert chat.fold(payloads, HELLO)["object"] == "chat.completion"
