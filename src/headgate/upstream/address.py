"""Where a call goes: its URL in parts."""

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\x00-\x20\x7f]")
_TARGET = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""What is left as it is in a path; only what is beyond ASCII is quoted."""


class Address(msgspec.Struct, frozen=True):
    """A URL in parts. ``authority`` is what ``host`` says, without a port that goes without
    saying; ``target`` the path and the query."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str


@lru_cache(maxsize=1024)
def read_address(url: str) -> Address:
    """The parts of `url`. Raises ValueError if no call can be made to it."""
    if _UNFIT.search(url):
        raise ValueError("a URL has no spaces or control characters")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("a call goes to http:// or https:// and a host")
    host = _in_ascii(parts.hostname)
    usual = _PORTS[parts.scheme]
    port = parts.port or usual
    shown = f"[{host}]" if ":" in host else host
    path = quote(parts.path, safe=_TARGET) or "/"
    query = f"?{quote(parts.query, safe=_TARGET)}" if parts.query else ""
    return Address(
        scheme=parts.scheme,
        host=host,
        port=port,
        authority=shown if port == usual else f"{shown}:{port}",
        target=path + query,
    )


def _in_ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")
