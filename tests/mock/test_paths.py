"""Paths are found with and without their version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.mock.paths import Place, find


@pytest.mark.parametrize("prefix", ["", "/v1", "/v1beta"])
@pytest.mark.parametrize(
    ("rest", "kind", "dialect"),
    [
        ("/chat/completions", "generate", "chat"),
        ("/messages", "generate", "messages"),
        ("/messages/count_tokens", "count", "messages"),
        ("/responses", "generate", "responses"),
        ("/embeddings", "embed", "chat"),
        ("/audio/speech", "echo", "chat"),
        ("/rerank", "echo", "chat"),
    ],
)
def test_a_path_means_the_same_with_and_without_version(
    prefix: str, rest: str, kind: str, dialect: str
) -> None:
    place = find(prefix + rest)
    assert place is not None
    assert (place.kind, place.dialect, place.method) == (kind, dialect, "POST")


def test_gemini_names_model_and_verb_in_the_path() -> None:
    stream = find("/v1beta/models/tuned%2Fm:streamGenerateContent")
    assert stream == Place("generate", "POST", "gemini", "tuned/m", True)
    assert find("/models/m:generateContent") == Place("generate", "POST", "gemini", "m", False)
    assert find("/v1beta/models/m:countTokens") == Place("count", "POST", "gemini", "m")


def test_model_lists_are_geminis_under_its_version() -> None:
    assert find("/v1/models") == Place("models", "GET", "chat")
    assert find("/v1beta/models") == Place("models", "GET", "gemini")
    assert find("/v1/models/a/b") == Place("model", "GET", "chat", "a/b")
    assert find("/v1beta/models/a") == Place("model", "GET", "gemini", "a")


@pytest.mark.parametrize("path", ["/v1/chat", "/v2/models", "/chat/completions/", "/v1beta1"])
def test_other_paths_are_nothing(path: str) -> None:
    assert find(path) is None


@given(st.text())
def test_any_path_is_a_place_or_none(path: str) -> None:
    assert isinstance(find(path), Place | None)
