"""Gemini as the mock speaks it."""

from typing import Any

import msgspec
from hypothesis import given, settings

from headgate.mock import gemini
from headgate.mock.voice import Failure
from tests.mock.said import HELLO, PAYLOADS, whole


def test_a_content_without_role_is_the_users() -> None:
    body = {
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "contents": [{"parts": [{"text": "one two"}]}, {"role": "model", "parts": [{"text": "x"}]}],
    }
    heard = gemini.hear(body, True)
    assert (heard.text, heard.prompt_tokens) == ("one two", 5)


def test_usage_grows_and_the_last_chunk_finishes() -> None:
    chunks = gemini.speak(HELLO)
    counts = [chunk["usageMetadata"]["candidatesTokenCount"] for chunk in chunks]
    assert counts == [1, 2, 3, 3]
    finishes = [chunk["candidates"][0].get("finishReason") for chunk in chunks]
    assert finishes == [None, None, None, "STOP"]


def test_the_whole_reply_joins_the_text() -> None:
    reply = whole(gemini.VOICE)
    assert reply["candidates"][0]["content"]["parts"] == [{"text": "Hello big world"}]
    assert reply["candidates"][0]["finishReason"] == "STOP"
    assert reply["usageMetadata"]["totalTokenCount"] == 8
    silent = msgspec.structs.replace(HELLO, usage=False)
    assert "usageMetadata" not in whole(gemini.VOICE, silent)


def test_thoughts_and_calls_stay_parts_of_their_own() -> None:
    parts = [{"text": "hm", "thought": True}, {"text": "a"}, {"functionCall": {"name": "f"}}]
    chunks: list[Any] = [{"candidates": [{"content": {"parts": [part]}}]} for part in parts]
    assert gemini.fold(chunks, HELLO)["candidates"][0]["content"]["parts"] == parts


def test_folding_leaves_the_script_as_it_was() -> None:
    chunks: list[Any] = [{"candidates": [{"content": {"parts": [{"text": "a"}]}}]} for _ in "ab"]
    before = msgspec.json.encode(chunks)
    gemini.fold(chunks, HELLO)
    assert msgspec.json.encode(chunks) == before


def test_nothing_ends_a_stream() -> None:
    assert gemini.VOICE.terminator([], HELLO) is None
    assert not gemini.is_terminator({})


def test_an_error_has_code_and_status() -> None:
    error = gemini.error(Failure(status=503, message="busy"))["error"]
    assert (error["code"], error["status"]) == (503, "UNAVAILABLE")


@given(PAYLOADS)
@settings(max_examples=100)
def test_any_payloads_fold(payloads: list[Any]) -> None:
    assert isinstance(gemini.fold(payloads, HELLO)["candidates"], list)
