"""Which proxy the environment names for a call: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY."""

import base64
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

import msgspec

from headgate.upstream.address import Address


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy. ``authorization`` is the value of ``proxy-authorization``, or empty."""

    scheme: str
    host: str
    port: int
    authorization: str = ""


class ProxyUnfit(ValueError):  # noqa: N818 - named for the fact
    """The environment names a proxy that is no HTTP proxy."""


class Proxies:
    """What the environment says about proxies, read once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._addresses = {
            scheme: address
            for scheme in ("http", "https", "all")
            if (address := _variable(environment, f"{scheme}_proxy"))
        }
        excepted = _variable(environment, "no_proxy").lower().split(",")
        self._excepted = tuple(name for one in excepted if (name := one.strip()))

    def proxy_for(self, address: Address) -> Proxy | None:
        """The proxy to ask for `address`; None: go there directly. Raises ProxyUnfit."""
        named = self._addresses.get(address.scheme) or self._addresses.get("all")
        if named is None or any(_covers(one, address) for one in self._excepted):
            return None
        return _read(named)


def _variable(environment: Mapping[str, str], name: str) -> str:
    """The lower-case name is heard first. HTTP_PROXY is not heard where a web server sets it from
    a header of its caller (CVE-2016-5385)."""
    value = environment.get(name)
    if value is None and not (name == "http_proxy" and "REQUEST_METHOD" in environment):
        value = environment.get(name.upper())
    return (value or "").strip()


def _covers(excepted: str, address: Address) -> bool:
    """Whether `excepted` means `address`: ``*``, a network, or with or without a port a domain
    with all below it, or an IP address."""
    if excepted == "*":
        return True
    host = address.host.lower()
    if "/" in excepted:
        return _within(host, excepted)
    name, colon, port = excepted.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.endswith("]")):
        if int(port) != address.port:
            return False
        excepted = name
    excepted = excepted.strip("[]").removeprefix("*").lstrip(".")
    return bool(excepted) and (host == excepted or host.endswith(f".{excepted}"))


def _within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _read(named: str) -> Proxy:
    parts = urlsplit(named if "://" in named else f"http://{named}")
    try:
        port = parts.port
    except ValueError as error:
        raise ProxyUnfit("the proxy of the environment has no valid port") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProxyUnfit("the proxy of the environment is not an HTTP proxy")
    port = port or (443 if parts.scheme == "https" else 80)
    return Proxy(parts.scheme, parts.hostname, port, _authorization(parts.username, parts.password))


def _authorization(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
