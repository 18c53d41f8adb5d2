from typing import Any

import pytest

from headgate.dialects.chat.assistant import Reading, call_fields, minted_id, read_assistant
from headgate.model.parts import Audio, Image, Reasoning, Text, ToolCall, Url
from headgate.model.state import OpaqueState, seal


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"function": {"name": "f", "arguments": "{}"}}, ("f", "{}", False)),
        ({"function": {"name": "f", "arguments": {"a": 1}}}, ("f", '{"a":1}', False)),
        ({"function": {"name": "f", "arguments": None}}, ("f", "", False)),
        ({"custom": {"name": "p", "input": "x"}}, ("p", "x", True)),
        ({"custom": {"name": "", "input": ""}, "function": {"name": "f"}}, ("f", "", False)),
        ({"function": {"name": ""}, "custom": {"name": "p", "input": "x"}}, ("p", "x", True)),
        ({"name": "f", "arguments": "{}"}, ("f", "{}", False)),
        ({}, ("", "", False)),
    ],
)
def test_a_calls_words_are_found_in_every_form(entry: Any, said: tuple[str, str, bool]) -> None:
    found = call_fields(entry)
    assert (found.name, found.arguments, found.custom) == said


def test_minted_ids_are_the_same_for_the_same_place_alone() -> None:
    assert minted_id("a", 0) == minted_id("a", 0)
    assert len({minted_id("a", 0), minted_id("a", 1), minted_id("b", 0)}) == 3


def test_state_with_a_calls_id_stands_before_that_call() -> None:
    state = OpaqueState("google", "sig")
    message = {
        "content": "a",
        "reasoning_content": "hm",
        "reasoning_details": [
            {"type": "reasoning.text", "signature": seal(state), "id": "c2", "index": 0}
        ],
        "tool_calls": [
            {"id": "c1", "function": {"name": "f", "arguments": "{}"}},
            {"id": "c2", "function": {"name": "f", "arguments": "{}"}},
        ],
    }
    message.pop("reasoning_content")
    assert read_assistant(message, Reading()) == (
        Text("a"),
        ToolCall("c1", "f"),
        Reasoning(state=state, extras=None),
        ToolCall("c2", "f"),
    )


def test_a_signature_on_a_call_names_its_own_issuer_in_a_callers_history() -> None:
    entry = {"id": "c", "function": {"name": "f"}}
    entry["extra_content"] = {"google": {"thought_signature": "s"}}
    message = {"tool_calls": [entry]}
    assert read_assistant(message, Reading())[0] == Reasoning(state=OpaqueState("google", "s"))
    backend = Reading(call_issuer="v")
    assert read_assistant(message, backend)[0] == Reasoning(state=OpaqueState("v", "s"))


def test_sound_and_pictures_are_parts() -> None:
    message = {
        "audio": {"id": "a"},
        "images": [{"type": "image_url", "image_url": {"url": "https://i"}}, {"type": "x"}],
    }
    assert read_assistant(message, Reading()) == (Audio(id="a"), Image(Url("https://i")))
