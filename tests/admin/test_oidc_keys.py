from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from headgate.admin.oidc_keys import ALGORITHMS, fitting, is_signed, read_keys
from tests.admin.fake_provider import EC_KEY, OTHER_RSA_KEY, ec_jwk, number, rsa_jwk, sign

TEXT = b"header.payload"


def test_each_algorithm_checks_what_was_signed_and_nothing_else() -> None:
    keys = read_keys({"keys": [rsa_jwk(), ec_jwk()]})
    for algorithm in ALGORITHMS:
        (key,) = fitting(keys, algorithm, None)
        signature = sign(algorithm, TEXT)
        assert is_signed(key, algorithm, signature, TEXT)
        assert not is_signed(key, algorithm, signature, TEXT + b"x")
        assert not is_signed(key, algorithm, signature[:-1], TEXT)
        assert not is_signed(key, algorithm, signature + b"\x00", TEXT)
        assert not is_signed(key, algorithm, b"", TEXT)
        assert not is_signed(key, algorithm, bytes(len(signature)), TEXT)


def test_a_signature_of_one_scheme_is_none_of_the_other() -> None:
    (key,) = read_keys({"keys": [rsa_jwk()]})
    assert not is_signed(key, "RS256", sign("PS256", TEXT), TEXT)
    assert not is_signed(key, "PS256", sign("RS256", TEXT), TEXT)


def test_the_form_that_the_library_makes_is_not_the_form_of_jose() -> None:
    (key,) = read_keys({"keys": [ec_jwk()]})
    from_library = EC_KEY.sign(TEXT, ec.ECDSA(hashes.SHA256()))
    assert not is_signed(key, "ES256", from_library, TEXT)


def test_a_key_is_found_by_name_type_and_what_it_is_for() -> None:
    keys = read_keys(
        {
            "keys": [
                rsa_jwk(kid="a", alg="RS256"),
                rsa_jwk(OTHER_RSA_KEY, kid="b"),
                ec_jwk(kid="a"),
            ]
        }
    )
    assert [key.type for key in fitting(keys, "RS256", "a")] == ["RSA"]
    assert [key.type for key in fitting(keys, "ES256", "a")] == ["EC"]
    assert fitting(keys, "PS256", "a") == []
    assert fitting(keys, "RS256", "c") == []
    assert fitting(keys, "RS256", None) == []
    assert len(fitting(keys, "ES256", None)) == 1
    assert len(fitting(keys, "PS256", None)) == 1


SMALL = rsa.generate_private_key(65537, 1024)
OTHER_CURVE = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "key",
        {},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"},
        {"kty": "RSA", "kid": "k1"},
        rsa_jwk(SMALL),
        rsa_jwk() | {"e": "AQ"},
        rsa_jwk() | {"e": "Ag"},
        rsa_jwk() | {"e": number(2**40 + 1)},
        rsa_jwk() | {"n": "not base64!"},
        rsa_jwk() | {"n": 5},
        rsa_jwk() | {"kid": 5},
        rsa_jwk(alg=["RS256"]),
        rsa_jwk(use="enc"),
        rsa_jwk(key_ops=["encrypt"]),
        rsa_jwk(key_ops="verify"),
        ec_jwk() | {"x": number(1, 32)},
        ec_jwk() | {"crv": "P-384"},
        ec_jwk() | {"y": "AAAA"},
        {
            "kty": "EC",
            "crv": "P-256",
            "x": number(OTHER_CURVE.x, 48),
            "y": number(OTHER_CURVE.y, 48),
        },
    ],
)
def test_a_key_that_cannot_be_used_is_passed_over(jwk: Any) -> None:
    assert len(read_keys({"keys": [jwk, ec_jwk(kid="good")]})) == 1


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": "k1"}])
def test_what_is_no_set_of_keys_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="keys"):
        read_keys(document)


def test_a_set_without_end_is_read_in_part() -> None:
    keys = [{"kty": "none"}] * 100 + [ec_jwk()]
    assert read_keys({"keys": keys}) == ()
