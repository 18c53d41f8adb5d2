"""Headers as the lines of a head: nothing in them can end a line or a field's name."""

from headgate.server.interface import Headers

_VALUE_OK = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
_LOWER_OK = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_NAME_OK = _LOWER_OK + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class UnsafeHeader(ValueError):  # noqa: N818 - named for the fact
    """A header's name or value holds bytes that must not reach the wire."""


def header_lines(headers: Headers) -> bytes:
    """The lines, each with its end. Raises UnsafeHeader, which names the header and never quotes
    the value."""
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    # What is left without the good bytes are the ends of the lines, or there is a bad one.
    if lines.translate(None, _VALUE_OK) != b"\r\n" * len(headers):
        raise UnsafeHeader(f"a control character in the header {_first_bad(headers)!r}")
    names = b"".join([name for name, _ in headers])
    if names.translate(None, _LOWER_OK):
        if names.translate(None, _NAME_OK):
            raise UnsafeHeader("a header name that is not a token")
        return header_lines([(name.lower(), value) for name, value in headers])
    return lines


def check_headers(headers: Headers) -> None:
    """Raises UnsafeHeader."""
    header_lines(headers)


def _first_bad(headers: Headers) -> str:
    pairs = (name for name, value in headers if (name + value).translate(None, _VALUE_OK))
    return next(pairs).translate(bytes(range(256)), bytes(set(range(256)) - set(_NAME_OK))).decode()
