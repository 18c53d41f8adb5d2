"""Whole Gemini replies."""

from typing import Any

import msgspec
import pytest

from headgate.dialects.gemini.reply_read import read_facts, read_reply
from headgate.model.fault import Refused, StreamBroken
from headgate.model.parts import Reasoning, Text, ToolCall
from headgate.model.request import Message, Request
from tests import recordings
from tests.dialects.gemini.drive import GOOGLE, body, response


def raw(value: Any) -> bytes:
    return msgspec.json.encode(value)


@pytest.mark.parametrize("row", recordings.exchanges("gemini"))
def test_every_recorded_reply_is_read(row: dict[str, Any]) -> None:
    if row["status"] != 200:
        return
    reply = read_reply(raw(row["response"]), GOOGLE)
    facts = read_facts(raw(row["response"]))

    assert reply.model == row["response"]["modelVersion"] == facts.model
    assert all(choice.finish is not None for choice in reply.choices)
    assert facts.finished
    assert reply.usage is not None
    assert reply.usage == facts.usage
    total = row["response"]["usageMetadata"].get("totalTokenCount")
    assert total in (None, reply.usage.total_tokens)


def plain(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts without what is made on the way (call ids) or means nothing without a signature
    (thoughts, empty text)."""
    kept = [
        part
        for part in parts
        if "thoughtSignature" in part or not (part.get("thought") or part == {"text": ""})
    ]
    for part in kept:
        part.get("functionCall", {}).pop("id", None)
        if "functionCall" in part:
            part["functionCall"].setdefault("args", {})
    return kept


@pytest.mark.parametrize("row", recordings.exchanges("gemini"))
def test_t85_every_recorded_reply_goes_back_as_history_unchanged(row: dict[str, Any]) -> None:
    if row["status"] != 200:
        return
    (choice,) = read_reply(raw(row["response"]), GOOGLE).choices
    history = (Message("user", (Text("hi"),)), Message("assistant", choice.parts))
    contents = body(Request(dialect="chat", model="m", messages=history))["contents"]
    native = row["response"]["candidates"][0]["content"].get("parts", [])
    for part in native:
        if "functionCall" in part:
            part.setdefault("thoughtSignature", "skip_thought_signature_validator")
            break

    assert plain(contents[1]["parts"] if len(contents) > 1 else []) == plain(native)


def test_an_error_in_place_of_a_reply_is_refused_with_its_fault() -> None:
    with pytest.raises(Refused) as caught:
        read_reply(raw({"error": {"code": 503, "message": "gone"}}), GOOGLE)

    assert caught.value.fault.kind == "overloaded"
    assert read_facts(raw({"error": {"code": 503}})).fault is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b"null", b'{"hello":1}', b'"\xff"'])
def test_what_is_no_reply_breaks(data: bytes) -> None:
    with pytest.raises(StreamBroken):
        read_reply(data, GOOGLE)
    with pytest.raises(StreamBroken):
        read_facts(data)


def test_a_reply_that_names_no_finish_has_none() -> None:
    (choice,) = read_reply(raw(response({"text": "a"})), GOOGLE).choices

    assert choice.parts == (Text("a"),)
    assert choice.finish is None
    assert choice.reason == "unknown"


def test_a_blocked_prompt_is_a_filtered_reply_without_parts() -> None:
    blocked = raw({"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"})
    (choice,) = read_reply(blocked, GOOGLE).choices

    assert (choice.parts, choice.reason) == ((), "filtered")
    assert read_facts(blocked).native_finish == "SAFETY"


def test_thoughts_and_calls_are_parts() -> None:
    reply = read_reply(
        raw(
            response(
                {"text": "hm", "thought": True},
                {"functionCall": {"name": "f", "id": "x1"}},
                finishReason="STOP",
            )
        ),
        GOOGLE,
    )

    assert reply.choices[0].parts == (Reasoning("hm", summary=True), ToolCall("x1", "f", "{}"))
    assert reply.choices[0].reason == "tools"
