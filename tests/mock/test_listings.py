"""Answers that generate nothing are what the vendors' clients expect."""

import base64
import struct
from typing import Any

import pytest
from hypothesis import given

from headgate.mock import listings
from tests.mock.test_lookup import JSON


def test_the_model_list_has_the_keys_of_both_vendors() -> None:
    listed = listings.model_list(["a", "b"], "chat")
    assert (listed["object"], listed["first_id"], listed["last_id"]) == ("list", "a", "b")
    assert listed["data"][0]["object"] == listed["data"][0]["type"] == "model"
    assert listings.model_list([], "chat")["first_id"] is None


def test_geminis_list_is_its_own() -> None:
    assert listings.model_list(["a"], "gemini")["models"][0]["name"] == "models/a"


def test_tokens_are_words() -> None:
    body = {"messages": [{"role": "user", "content": "one two"}], "system": "three"}
    assert listings.token_count("messages", body) == {"input_tokens": 3}
    parts = {"contents": [{"parts": [{"text": "one two"}]}]}
    assert listings.token_count("gemini", parts) == {"totalTokens": 2}


def test_the_same_text_has_the_same_vector_in_both_encodings() -> None:
    numbers = listings.embeddings({"input": ["a", "b", "a"]}, "m")["data"]
    assert numbers[0]["embedding"] == numbers[2]["embedding"] != numbers[1]["embedding"]
    packed = listings.embeddings({"input": "a", "encoding_format": "base64"}, "m")["data"]
    data = base64.b64decode(packed[0]["embedding"])
    assert list(struct.unpack("<8f", data)) == numbers[0]["embedding"]


@pytest.mark.parametrize(("asked", "size"), [(3, 3), (0, 8), (10**9, 8), ("x", 8), (None, 8)])
def test_the_dimensions_are_those_asked_for_within_reason(asked: Any, size: int) -> None:
    reply = listings.embeddings({"input": "a", "dimensions": asked}, "m")
    assert len(reply["data"][0]["embedding"]) == size


def test_token_ids_are_one_input_or_several() -> None:
    assert len(listings.embeddings({"input": [1, 2]}, "m")["data"]) == 1
    assert len(listings.embeddings({"input": [[1, 2], [3]]}, "m")["data"]) == 2


@given(JSON)
def test_any_input_has_embeddings(value: Any) -> None:
    assert listings.embeddings({"input": value}, "m")["object"] == "list"


def test_an_echo_says_what_arrived() -> None:
    echoed = listings.echo("/v1/rerank", {"a": 1})
    assert echoed == {"object": "echo", "path": "/v1/rerank", "body": {"a": 1}}
