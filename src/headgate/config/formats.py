"""What the text of a key must look like where its type does not say it: addresses, names, units."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from headgate.config import units

HASH_ON = re.compile(r"session|user|key|header:[A-Za-z0-9!#$%&'*+.^_`|~-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_url(text: str) -> None:
    """Raises ValueError where `text` is no absolute address. Never repeats it: it may hold a
    password."""
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ValueError("an address holds no spaces or control characters")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError("is not a valid address") from error
    if not parts.scheme or "://" not in text:
        raise ValueError("is no address; it begins with a scheme like https://")
    # PostgreSQL is named a Unix socket's folder so: postgresql://user@/name?host=/run/postgresql
    socket = parts.scheme.startswith("postgres") and "host" in parse_qs(parts.query)
    named = parts.hostname or socket
    if not named and not parts.scheme.startswith("sqlite"):
        raise ValueError("the address names no host")


def check_http(text: str) -> None:
    """An address that can be called."""
    check_url(text)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"a backend is called by http or https, not {parts.scheme}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address holds no user or password; use api_key or headers")
    if parts.query or parts.fragment:
        raise ValueError("an address holds no query and no fragment; use paths for a query")


def check_issuer(text: str) -> None:
    """An identity provider's name, which is its address too. What it says is believed, so that
    nobody may stand between."""
    check_http(text)
    parts = urlsplit(text)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("an issuer is called by https, except on this machine")


def check_origin(text: str) -> None:
    """Where browsers find the gateway."""
    check_http(text)
    if urlsplit(text).path not in ("", "/"):
        raise ValueError("is the address of the gateway alone, without a path")


def check_domain(text: str) -> None:
    """The part of an e-mail address behind the @."""
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise ValueError("a domain is written example.org")


def check_database(text: str) -> None:
    """An address of SQLite or PostgreSQL."""
    _check_scheme(text, ("sqlite", "postgresql", "postgres"))


def check_redis(text: str) -> None:
    """An address of Redis or Valkey."""
    _check_scheme(text, ("redis", "rediss", "valkey", "valkeys", "unix"))


def check_name(text: str) -> None:
    """A name that may stand in a header and a URL."""
    if not NAME.fullmatch(text):
        raise ValueError(
            "a name is made of at most 64 letters, digits, '.', '_' and '-', and begins with a "
            "letter or digit"
        )


def check_model(text: str) -> None:
    """A name as vendors make them: printable, nothing at its ends."""
    if not text or text != text.strip() or not text.isprintable():
        raise ValueError("must be printable and not empty, with no space at its ends")


def check_key(text: str) -> None:
    """A credential that may stand in a header. Never repeats it."""
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("a key is printable ASCII without spaces, and not empty")


def check_path(text: str) -> None:
    """A path below a backend's address, perhaps with a query."""
    if not re.fullmatch(r"/[\x21-\x7e]*", text) or "#" in text:
        raise ValueError("a path begins with '/' and holds no space")


def check_agent(text: str) -> None:
    """The place of a factory in Python."""
    module, colon, factory = text.partition(":")
    if not (colon and factory.isidentifier() and all(map(str.isidentifier, module.split(".")))):
        raise ValueError("an agent is written package.module:factory")


def check_header_name(text: str) -> None:
    """A header that an operator may add to a backend's requests."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text):
        raise ValueError("is no header name")
    if text.lower() in _OURS:
        raise ValueError("this header is made by the gateway itself")


def check_header_value(text: str) -> None:
    """The value of a header."""
    if not re.fullmatch(r"[\x20-\x7e\t]*", text):
        raise ValueError("a header's value is one line of printable ASCII")


def check_hash_on(text: str) -> None:
    """What the strategy ``hash`` looks at."""
    if not HASH_ON.fullmatch(text):
        raise ValueError("must be session, user, key or header:NAME")


TEXTS: Mapping[str, Callable[[str], None]] = {
    "url": check_url,
    "http": check_http,
    "issuer": check_issuer,
    "origin": check_origin,
    "domain": check_domain,
    "database": check_database,
    "redis": check_redis,
    "name": check_name,
    "model": check_model,
    "key": check_key,
    "path": check_path,
    "agent": check_agent,
    "header_name": check_header_name,
    "header_value": check_header_value,
    "hash_on": check_hash_on,
}
"""By the word that a key's ``text`` says; each raises ValueError with what is wrong."""

UNITS: Mapping[str, Callable[[str], float]] = {
    "duration": units.read_duration,
    "size": units.read_size,
}
"""By the word that a key's ``unit`` says."""

_OURS = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "content-encoding", "te")
)


def _check_scheme(text: str, schemes: tuple[str, ...]) -> None:
    check_url(text)
    scheme = urlsplit(text).scheme.partition("+")[0]
    if scheme not in schemes:
        raise ValueError(f"begins with {schemes[0]}:// (known: {', '.join(schemes)})")
