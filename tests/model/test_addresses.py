from ipaddress import IPv4Address, IPv6Address

import pytest

from headgate.model.addresses import address_of, is_loopback


def test_an_address_is_read_without_zone_and_wrapping() -> None:
    assert address_of("10.0.0.1") == IPv4Address("10.0.0.1")
    assert address_of("::ffff:10.0.0.1") == IPv4Address("10.0.0.1")
    assert address_of("::ffff:10.0.0.1%eth0") == IPv4Address("10.0.0.1")
    assert address_of("fe80::1%eth0") == IPv6Address("fe80::1")


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0", "10.0.0.256", "2130706433", "[::1]"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::1%lo", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::ffff:0.0.0.0", False),
        ("::ffff:10.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("10.0.0.1", False),
        ("192.168.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("LOCALHOST", False),
        ("localhost.", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("127.1", False),
        ("[::1]", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
