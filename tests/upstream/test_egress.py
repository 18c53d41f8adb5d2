import socket

import pytest

from headgate.upstream.egress import EgressRefused, guarded_socket, is_forbidden

FORBIDDEN = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.0",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
]
ALLOWED = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "fd12:3456::1",
    "169.253.255.255",
    "169.255.0.0",
    "2001:db8::1",
    "8.8.8.8",
    "::ffff:127.0.0.1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_metadata_and_link_local_addresses_are_forbidden_however_written(address: str) -> None:
    assert is_forbidden(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(EgressRefused, match="metadata"):
        guarded_socket((family, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", ALLOWED)
def test_local_private_and_public_addresses_are_allowed(address: str) -> None:
    assert not is_forbidden(address)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(EgressRefused, match="no IP address"):
        is_forbidden("metadata.google.internal")


def test_a_socket_is_made_for_an_allowed_address() -> None:
    made = guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))
    with made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)
