import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.filters.secret_shapes import REDACTED, redact

SECRETS = [
    "sk-proj-AbCdEfGhIjKlMnOpQrSt_0123456789",
    "hg-a1b2c3-0123456789abcdefghijkl",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1_B2" * 8,
    "AIza" + "aB3-_" * 7,
    "xoxb-123456789012-abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj3\n+/=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIBOgIBAAJBAKj3\n-----END PRIVATE KEY-----",
]
PLACES = ["{}", "my key is {}, keep it", "a line\n{}\n", '"{}"', "key={}", "({})", "ключ: {}"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_taken_out_and_what_is_around_it_stays(place: str, secret: str) -> None:
    assert redact(place.format(secret)) == place.format(REDACTED)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_secret_in_json_text_is_taken_out_and_the_json_stays(
    place: str, secret: str, layers: int
) -> None:
    text, clean = place.format(secret), place.format(REDACTED)
    for _ in range(layers):
        text, clean = json.dumps({"said": text}), json.dumps({"said": clean})
    assert json.loads(redact(text)) == json.loads(clean)


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_taken_out(word: str) -> None:
    assert redact(f"authorization: {word} abcdef0123456789+/=") == (
        f"authorization: {word} {REDACTED}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "task-list-of-things-that-are-long-enough",
        "the bearer of bad news was late",
        "eyJust.a.sentence",
        "sk-short",
        "AKIA is how access keys begin",
        "https://example.com/gh/through-the-night",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.sampled_from(SECRETS))
def test_no_text_before_it_hides_a_secret(before: str, secret: str) -> None:
    if before and before[-1].isascii() and before[-1].isalnum():
        before += " "
    assert secret not in redact(f"{before}{secret} end")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)
