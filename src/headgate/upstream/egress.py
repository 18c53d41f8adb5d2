"""Where no call may go, whatever the configuration says.

Metadata services and link-local addresses are refused.
They give a machine's own credentials to whoever asks from inside it. The address that is judged is
the one that is connected to, after the name was resolved: a name that changes its answer, or that
writes an address in another way, changes nothing. Loopback and private addresses are allowed, since
that is where local model servers are.
"""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""What `socket.getaddrinfo` says about one address."""

Address = IPv4Address | IPv6Address

_FORBIDDEN: tuple[IPv4Network | IPv6Network, ...] = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local; the metadata of AWS, Azure, Google, and most others
            "fe80::/10",  # link-local
            "fd00:ec2::/32",  # AWS over IPv6
            "fd20:ce::/32",  # Google over IPv6
            "100.100.100.200/32",  # Alibaba Cloud
            "168.63.129.16/32",  # Azure's platform
            "192.0.0.192/32",  # Oracle Cloud
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class EgressRefused(OSError):  # noqa: N818 - named for the fact
    """A call to an address where no call may go."""


def is_forbidden(address: str) -> bool:
    """Whether no call may go to `address`, in any way of writing that a socket would take."""
    return any(
        one in network
        for one in _meant_by(_read(address))
        for network in _FORBIDDEN
        if one.version == network.version
    )


def guarded_socket(info: AddressInfo) -> socket.socket:
    """A socket that will be connected to the address in `info`, and to no other. Raises
    EgressRefused."""
    family, kind, protocol, _, address = info
    if is_forbidden(str(address[0])):
        raise EgressRefused("calls to metadata services and link-local addresses are refused")
    return socket.socket(family, kind, protocol)


def _read(address: str) -> Address:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        pass
    try:
        # 2852039166, 0xa9fea9fe, 169.254.43518: what a socket would understand.
        return IPv4Address(socket.inet_aton(address))
    except OSError as error:
        raise EgressRefused("the address to connect to is no IP address") from error


def _meant_by(address: Address) -> Iterator[Address]:
    """`address`, and the IPv4 address that it carries where it is a way of reaching one."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
