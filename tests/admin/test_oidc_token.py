import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.admin.oidc_json import write_base64url
from headgate.admin.oidc_keys import read_keys
from headgate.admin.oidc_token import (
    LEEWAY_S,
    MOST_CHARACTERS,
    Expected,
    KeyUnknown,
    OfAnotherLogin,
    TokenRefused,
    read_id_token,
)
from tests.admin.fake_provider import (
    CLIENT,
    EC_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    ec_jwk,
    rsa_jwk,
    token_of,
)

NOW = 1_700_000_000.0
KEYS = read_keys({"keys": [rsa_jwk(), ec_jwk()]})
EXPECTED = Expected(issuer=ISSUER, client_id=CLIENT, nonce="nonce-1", now=NOW)
RS256 = {"alg": "RS256", "kid": "k1"}


def claims(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "alice",
        "nonce": "nonce-1",
        "iat": NOW,
        "exp": NOW + 300,
    }
    merged = whole | changes
    return {name: value for name, value in merged.items() if value is not ...}


def refusal(token: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        read_id_token(token, KEYS, EXPECTED)
    return str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        RS256,
        {"alg": "RS256"},
        {"alg": "PS256", "kid": "k1"},
        {"alg": "ES256", "kid": "e1", "typ": "JWT"},
    ],
)
def test_a_good_token_gives_its_claims(header: dict[str, Any]) -> None:
    key = EC_KEY if header["alg"] == "ES256" else RSA_KEY
    token = token_of(claims(groups=["a"]), header, key)
    assert read_id_token(token, KEYS, EXPECTED) == claims(groups=["a"])


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"exp": NOW - LEEWAY_S + 1},
        {"iat": NOW + LEEWAY_S},
        {"nbf": NOW + LEEWAY_S},
        {"iat": int(NOW), "exp": int(NOW) + 1},
    ],
)
def test_what_is_allowed_is_taken(changes: dict[str, Any]) -> None:
    assert read_id_token(token_of(claims(**changes)), KEYS, EXPECTED)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://evil.example.org"}, "its issuer"),
        ({"iss": f"{ISSUER}/"}, "its issuer"),
        ({"iss": ...}, "its issuer"),
        ({"aud": "other"}, "its audience"),
        ({"aud": []}, "its audience"),
        ({"aud": {CLIENT: 1}}, "its audience"),
        ({"aud": ...}, "its audience"),
        ({"aud": [CLIENT, "other"]}, "its authorized party"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "its authorized party"),
        ({"azp": "other"}, "its authorized party"),
        ({"azp": [CLIENT]}, "its authorized party"),
        ({"sub": ...}, "its subject"),
        ({"sub": ""}, "its subject"),
        ({"sub": "x" * 256}, "its subject"),
        ({"sub": 7}, "its subject"),
        ({"exp": NOW - LEEWAY_S}, "it has expired"),
        ({"exp": ...}, "its exp or iat"),
        ({"exp": "tomorrow"}, "its exp or iat"),
        ({"exp": True}, "its exp or iat"),
        ({"exp": 10**400}, "its exp or iat"),
        ({"iat": ...}, "its exp or iat"),
        ({"iat": NOW + LEEWAY_S + 1}, "it is from the future"),
        ({"nbf": NOW + LEEWAY_S + 1}, "it is not valid yet"),
        ({"nbf": None}, "it is not valid yet"),
        ({"nonce": "nonce-2"}, "its nonce"),
        ({"nonce": ...}, "its nonce"),
        ({"nonce": ["nonce-1"]}, "its nonce"),
        ({"nonce": "\ud800"}, "its nonce"),
    ],
)
def test_every_claim_counts(changes: dict[str, Any], why: str) -> None:
    assert refusal(token_of(claims(**changes))).startswith(why)


def test_an_answer_to_another_login_is_told_from_a_bad_token() -> None:
    with pytest.raises(OfAnotherLogin):
        read_id_token(token_of(claims(nonce="other")), KEYS, EXPECTED)


def _public_pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _unsigned(header: dict[str, Any], signature: bytes = b"") -> str:
    parts = [write_base64url(json.dumps(part).encode()) for part in (header, claims())]
    return f"{'.'.join(parts)}.{write_base64url(signature)}"


def test_a_public_key_is_no_shared_secret() -> None:
    for secret in (_public_pem(), _public_pem().strip(), rsa_jwk()["n"].encode()):
        for algorithm in ("HS256", "HS384", "HS512", "RS256"):
            text = _unsigned({"alg": algorithm, "kid": "k1"}).rpartition(".")[0]
            made = hmac.digest(secret, text.encode(), hashlib.sha256)
            assert refusal(f"{text}.{write_base64url(made)}").startswith(
                ("its algorithm", "its signature")
            )


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", "rs256", "RS512", "EdDSA", None, 5, ["RS256"]]
)
def test_an_algorithm_that_is_not_ours_is_refused(algorithm: Any) -> None:
    for signature in (b"x", bytes(256)):
        assert refusal(_unsigned({"alg": algorithm, "kid": "k1"}, signature)).startswith(
            "its algorithm"
        )
    assert refusal(_unsigned({"alg": "none"})).startswith("it is malformed")


def test_an_algorithm_of_another_type_than_the_keys_finds_no_key() -> None:
    with pytest.raises(KeyUnknown):
        read_id_token(token_of(claims(), {"alg": "RS256", "kid": "e1"}), KEYS, EXPECTED)
    with pytest.raises(KeyUnknown):
        read_id_token(token_of(claims(), {"alg": "ES256", "kid": "k1"}, EC_KEY), KEYS, EXPECTED)


def test_a_wrong_key_with_a_known_name_signs_nothing() -> None:
    assert refusal(token_of(claims(), RS256, OTHER_RSA_KEY)) == "its signature is wrong"


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../etc/passwd"},
        {"kid": "k1' OR '1'='1"},
        {"kid": "https://evil.example.org/key"},
        {"kid": ""},
        {"kid": "k2", "jwk": rsa_jwk(OTHER_RSA_KEY, "k2")},
        {"kid": "k2", "jku": "https://evil.example.org/keys"},
        {"kid": "k2", "x5u": "https://evil.example.org/cert"},
    ],
)
def test_no_key_comes_from_the_token_itself(header: dict[str, Any]) -> None:
    token = token_of(claims(), {"alg": "RS256", **header}, OTHER_RSA_KEY)
    assert refusal(token) == "its key is none of the provider's"


def test_a_key_in_the_token_outranks_no_key_of_the_provider() -> None:
    header = {**RS256, "jwk": rsa_jwk(OTHER_RSA_KEY)}
    assert refusal(token_of(claims(), header, OTHER_RSA_KEY)) == "its signature is wrong"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"crit": ["b64"], "b64": False}, "its header has extensions"),
        ({"crit": []}, "its header has extensions"),
        ({"typ": "at+jwt"}, "its type"),
        ({"typ": 5}, "its type"),
        ({"kid": 5}, "its key's name"),
    ],
)
def test_a_header_that_asks_for_more_is_refused(header: dict[str, Any], why: str) -> None:
    assert refusal(token_of(claims(), {**RS256, **header})).startswith(why)


def test_a_name_that_stands_twice_is_refused_in_header_and_payload() -> None:
    twice = json.dumps(claims())[:-1].encode() + b', "sub": "root"}'
    assert "stands twice" in refusal(token_of(twice))
    header = b'{"alg": "RS256", "kid": "k1", "alg": "RS256"}'
    assert "stands twice" in refusal(token_of(claims(), header))


def test_a_token_in_another_form_of_base64_is_refused() -> None:
    good = token_of(claims())
    head, payload, signature = good.split(".")
    for changed in (
        f"{head}=.{payload}.{signature}",
        f"{head}.{payload}=.{signature}",
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{signature}\n",
        f" {good}",
        f"{head}.{payload}.{signature[:-1]}{_next(signature[-1])}",
    ):
        assert refusal(changed).startswith(("it is malformed", "its signature"))


def _next(sign: str) -> str:
    """The last sign of a text whose unused bits are not zero."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signs[(signs.index(sign) + 1) % 64]


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_a_token_has_three_parts(count: int) -> None:
    assert refusal(".".join(["e30"] * count)).startswith("it does not have three parts")


def test_a_token_without_end_is_not_read() -> None:
    assert refusal("a" * (MOST_CHARACTERS + 1)) == "it is too long"
    assert refusal(token_of(claims(fill="x" * MOST_CHARACTERS))) == "it is too long"


GOOD = token_of(claims())


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
@settings(max_examples=200)
def test_no_sign_of_a_token_may_change(at: int, sign: str) -> None:
    changed = GOOD[:at] + sign + GOOD[at + 1 :]
    if changed != GOOD:
        refusal(changed)


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_any_text_is_refused_and_nothing_worse(text: str) -> None:
    refusal(text)
    refusal(f"{text}.{text}.{text}")
