"""Responses as the mock speaks it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from headgate.mock import responses
from headgate.mock.voice import Failure
from tests.mock.said import HELLO, PAYLOADS, whole


@pytest.mark.parametrize(
    "given_input",
    [
        "one two",
        [{"role": "user", "content": "one two"}],
        [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "one two"}],
            }
        ],
    ],
)
def test_input_is_heard_in_all_its_forms(given_input: Any) -> None:
    heard = responses.hear({"input": given_input, "instructions": "Be brief"}, True)
    assert (heard.text, heard.prompt_tokens) == ("one two", 4)


def test_the_numbers_run_from_zero_to_the_terminator() -> None:
    events: list[Any] = list(responses.speak(HELLO))
    last = responses.terminator(events, HELLO)
    assert last is not None
    events.append(last)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    assert last["type"] == "response.completed"
    assert last["response"]["output"][0]["content"][0]["text"] == "Hello big world"
    assert last["response"]["usage"]["total_tokens"] == 8


def test_the_whole_reply_is_the_completed_response() -> None:
    reply = whole(responses.VOICE)
    assert (reply["status"], reply["id"]) == ("completed", "resp_abc")
    silent = msgspec.structs.replace(HELLO, usage=False)
    assert whole(responses.VOICE, silent)["usage"] is None


def test_a_scripted_last_word_is_kept() -> None:
    events = [
        {"type": "response.created", "response": {"id": "resp_1"}},
        {"type": "response.incomplete", "response": {"id": "resp_1", "status": "incomplete"}},
    ]
    assert responses.terminator(events, HELLO) is None
    assert responses.fold(events, HELLO)["status"] == "incomplete"


def test_scripted_items_stand_in_the_response_that_is_added() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    events = [
        {"type": "response.created", "response": {"id": "resp_1", "model": "other"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
    ]
    last = responses.terminator(events, HELLO)
    assert last is not None
    assert last["response"]["id"] == "resp_1"
    assert last["response"]["output"] == [item]


def test_an_error_event_is_nested_and_flat() -> None:
    error = responses.error(Failure(status=500, message="no", number=4))
    assert (error["type"], error["sequence_number"]) == ("error", 4)
    assert error["message"] == error["error"]["message"] == "no"


@given(PAYLOADS)
@settings(max_examples=100)
def test_any_payloads_fold(payloads: list[Any]) -> None:
    responses.terminator(payloads, HELLO)
    assert isinstance(responses.fold(payloads, HELLO), dict)
