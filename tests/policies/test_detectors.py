import pytest

from headgate.policies.detectors import DETECTORS, card_length, iban_length, ipv6_length
from headgate.policies.patterns.finder import Finder
from headgate.policies.patterns.scanner import Scanner

FINDERS = {name: Finder(patterns, 4096) for name, patterns in DETECTORS.items()}


def hide(name: str, text: str) -> str:
    scanner = Scanner(FINDERS[name], lambda _hit: "#")
    return scanner.feed(text) + scanner.end()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "john.doe+tag@mail.example.co.uk"),
        ("email", "A_1%b@x-y.org"),
        ("credit_card", "4111111111111111"),
        ("credit_card", "4111 1111 1111 1111"),
        ("credit_card", "3782-822463-10005"),
        ("credit_card", "6011000990139424"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB29NWBK60161331926819"),
        ("iban", "MT84 MALT 0110 0001 2345 MTLC AST0 01S"),
        ("phone", "+49 170 1234567"),
        ("phone", "+1 (212) 555-0123"),
        ("phone", "0044 20 7946 0958"),
        ("phone", "(212) 555-0123"),
        ("phone", "212-555-0123"),
        ("ip", "192.168.0.254"),
        ("ip", "2001:db8::8a2e:370:7334"),
        ("ip", "fe80::1:2"),
        ("ip", "64:ff9b::192.0.2.33"),
        ("secret", "sk-proj-abcdefghijklmnopqrstuv"),
        ("secret", "ghp_" + "a" * 36),
        ("secret", "AKIAIOSFODNN7EXAMPLE"),
        ("secret", "xoxb-1234567890-abcdef"),
        ("secret", "AIza" + "b" * 35),
        ("secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
        ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END RSA PRIVATE KEY-----"),
    ],
)
def test_what_should_be_found_is_found_whole(name: str, text: str) -> None:
    assert hide(name, f"before {text} after") == "before # after"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "john at example.com"),
        ("email", "@example.com"),
        ("email", "a@b"),
        ("credit_card", "4111 1111 1111 1112"),
        ("credit_card", "123456789012"),
        ("iban", "DE88 3704 0044 0532 0130 00"),
        ("iban", "XX89 3704 0044 0532 0130 00"),
        ("phone", "2024-2025"),
        ("phone", "1 234 567"),
        ("ip", "256.1.1.1"),
        ("ip", "1.2.3"),
        ("ip", "12:30:45"),
        ("ip", "std::string"),
        ("ip", "a::b"),
        ("secret", "sk-short"),
        ("secret", "risk-free-investments-are-a-myth"),
        ("secret", "eyJhbGci"),
    ],
)
def test_what_only_looks_like_it_is_let_be(name: str, text: str) -> None:
    assert hide(name, f"before {text} after") == f"before {text} after"


def test_a_card_number_ends_where_its_check_digit_does() -> None:
    assert hide("credit_card", "4111 1111 1111 1111 12/26") == "# 12/26"
    assert card_length("4111111111111111") == 16
    assert card_length("41111111111111111") == 0


def test_an_iban_is_as_long_as_its_country_says() -> None:
    assert hide("iban", "DE89 3704 0044 0532 0130 00 AND MORE") == "# AND MORE"
    assert iban_length("DE89370400440532013000") == 22
    assert iban_length("DE8937040044053201300") == 0
    assert iban_length("DE893704004405320130001") == 0


def test_an_address_of_version_six_is_one() -> None:
    assert ipv6_length("2001:db8::1") == 11
    assert ipv6_length("2001:db8::1::2") == 0
