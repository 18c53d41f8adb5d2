import msgspec
import pytest

from headgate.backends.sigv4 import AwsKeys, sign

KEYS = AwsKeys(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
    service="service",
)
AT = 1440938160.0
"""2015-08-30T12:36:00Z, the moment of the published test suite."""


def signature(url: str, method: str = "GET", body: bytes = b"", keys: AwsKeys = KEYS) -> str:
    return dict(sign(keys, method, url, body, AT))["authorization"].rpartition("=")[2]


@pytest.mark.parametrize(
    ("method", "signed"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_the_signature_is_that_of_the_published_test_suite(method: str, signed: str) -> None:
    assert signature("https://example.amazonaws.com/", method) == signed


def test_the_headers_say_who_and_when() -> None:
    headers = dict(sign(KEYS, "POST", "https://example.amazonaws.com/", b"", AT))
    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature="
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h/a", "https://h/b"),
        ("https://h/a?x=1", "https://h/a?x=2"),
        ("https://h/a", "https://g/a"),
        ("https://h/m%3A0", "https://h/m:0"),
    ],
)
def test_another_address_is_another_signature(one: str, other: str) -> None:
    assert signature(one) != signature(other)


def test_the_order_of_a_query_does_not_matter() -> None:
    assert signature("https://h/?b=2&a=1&c=") == signature("https://h/?a=1&c=&b=2")


def test_body_method_and_token_are_signed() -> None:
    token = msgspec.structs.replace(KEYS, session_token="token")
    signatures = {
        signature("https://h/"),
        signature("https://h/", body=b"x"),
        signature("https://h/", "POST"),
        signature("https://h/", keys=token),
    }
    assert len(signatures) == 4
    headers = dict(sign(token, "GET", "https://h/", b"", AT))
    assert headers["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in headers["authorization"]


def test_secrets_show_in_no_repr() -> None:
    assert "AKIDEXAMPLE" not in repr(KEYS)
    assert "wJalr" not in repr(KEYS)
