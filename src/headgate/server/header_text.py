"""Whether headers may be written: nothing in them can end a line or a field's name."""

from itertools import chain

from headgate.server.interface import Headers

_VALUE_OK = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
_NAME_OK = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class UnsafeHeader(ValueError):  # noqa: N818 - named for the fact
    """A header's name or value holds bytes that must not reach the wire."""


def check_headers(headers: Headers) -> None:
    """Raises UnsafeHeader, which names the header and never quotes the value."""
    if b"".join(chain.from_iterable(headers)).translate(None, _VALUE_OK):
        raise UnsafeHeader(f"a control character in the header {_first_bad(headers)!r}")
    if b"".join([name for name, _ in headers]).translate(None, _NAME_OK):
        raise UnsafeHeader("a header name that is not a token")


def _first_bad(headers: Headers) -> str:
    pairs = (name for name, value in headers if (name + value).translate(None, _VALUE_OK))
    return next(pairs).translate(bytes(range(256)), bytes(set(range(256)) - set(_NAME_OK))).decode()
