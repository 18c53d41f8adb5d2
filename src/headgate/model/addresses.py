"""IP addresses, read in one way wherever a connection or a listener has one."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address that `text` is; None where it is none. Without its zone (``%eth0``), and an IPv4
    address within IPv6 (``::ffff:10.0.0.1``) as what it is."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine to itself, so that nobody else comes from there or reaches a
    listener there: a loopback address, or ``localhost`` written so. No other name is looked up."""
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback
