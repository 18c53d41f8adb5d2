"""Where a request's body ends, and what must hold of its head before a parser sees it.

llhttp, which parses it then, is strict by itself about line ends, folding, control characters,
header names and the digits of a length. Here stands what it lets through, and all that decides
framing, because where a message ends must have one reading only: RFC 9112 sections 2.2, 3.2, 6.1
to 6.3 and 11.2. One search over the head rather than a loop over its lines: under two
microseconds for an ordinary one.
"""

import re

import msgspec

from headgate.model.fault import Fault, Refused, bad_request
from headgate.server.limits import Limits

_REQUEST_LINE = re.compile(
    rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[!$-;=?-\[\]-_a-~]* HTTP/1\.([01])\r\n"
)
"""Methods that are served, targets in origin form, the two versions. What a URI may not hold is
out: controls, quotes, ``#``, angle brackets, backslash, backtick, bytes above 0x7e."""

_FRAMING = re.compile(rb"\n(host|content-length|transfer-encoding|expect|upgrade):[ \t]*([^\r\n]*)")
_HOST = re.compile(rb"(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?[ \t]*\Z")
_LENGTH = re.compile(rb"([0-9]{1,15})[ \t]*\Z")
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_START = re.compile(rb"(?:[A-Z]+(?: [^\r\n]*)?)?\r?\Z")
_TARGET = re.compile(rb"[^ \r\n]* +([^ \r\n]+)")


class Head(msgspec.Struct, frozen=True):
    """A head that may be parsed: its bytes, how the body is framed, and whether the peer waits
    for a word before it sends one (RFC 9110 section 10.1.1; not in HTTP/1.0)."""

    data: bytes
    length: int
    chunked: bool
    expects_continue: bool = False


def read_head(data: bytes, limits: Limits) -> Head:
    """The framing of a head, which ends in an empty line. Raises Refused where it has two readings.

    A wish to upgrade is taken out (RFC 9110 section 7.8 lets a server ignore it), since the
    parser would take what follows for another protocol.
    """
    if data.count(b"\n") - 2 > limits.header_lines:
        raise _too_large(f"more than {limits.header_lines} header fields")
    request_line = _REQUEST_LINE.match(data)
    if request_line is None or request_line.end() - 2 > limits.request_line_bytes:
        raise _bad_request_line(data, limits)
    pairs = _FRAMING.findall(data.lower())
    framing: dict[bytes, bytes] = dict(pairs)
    if len(framing) < len(pairs):
        _check_once([name for name, _ in pairs])
    if b"upgrade" in framing:
        data = _UPGRADE.sub(b"", data)
    _check_host(framing.get(b"host"), required=request_line[1] == b"1")
    expects = framing.get(b"expect") == b"100-continue" and request_line[1] == b"1"
    length = framing.get(b"content-length")
    coding = framing.get(b"transfer-encoding")
    if coding is not None:
        _check_coding(coding, length, request_line[1])
        return Head(data, 0, True, expects)
    return Head(data, 0 if length is None else _read_length(length), False, expects)


def check_part(data: bytearray, scan_from: int, limits: Limits) -> None:
    """Refuses a head that is not whole yet but can no longer become a good one.

    Up to `scan_from` it was checked before, so that trickling bytes are not read again and again.
    """
    if len(data) > limits.head_bytes:
        raise _too_large(f"a head larger than {limits.head_bytes} bytes")
    if _BARE.search(data, scan_from):
        raise bad_request("a line of the head does not end in CR LF")
    line_end = data.find(b"\r\n", 0, limits.request_line_bytes + 2)
    if line_end >= 0:
        if line_end >= scan_from and not _REQUEST_LINE.match(data):
            raise _bad_request_line(data, limits)
    elif len(data) > limits.request_line_bytes + 1:
        raise _bad_request_line(data, limits)
    elif not _START.match(data):
        raise bad_request("this is not an HTTP request")


def read_target(data: bytes | bytearray) -> bytes:
    """The request target in a head that may be anything; ``b""`` where there is none."""
    match = _TARGET.match(data)
    return bytes(match[1]) if match else b""


def _check_once(names: list[bytes]) -> None:
    for name in (b"host", b"content-length", b"transfer-encoding"):
        if names.count(name) > 1:
            raise bad_request(f"more than one {name.decode()}")


def _check_host(host: bytes | None, *, required: bool) -> None:
    if host is None:
        if required:
            raise bad_request("no Host")
    elif not _HOST.match(host):
        raise bad_request("the Host is not a host name or address with an optional port")


def _check_coding(coding: bytes, length: bytes | None, minor_version: bytes) -> None:
    if length is not None:
        raise bad_request("both Content-Length and Transfer-Encoding")
    if minor_version == b"0":
        raise bad_request("Transfer-Encoding in HTTP/1.0")
    if coding.rstrip(b" \t") != b"chunked":
        raise bad_request("a Transfer-Encoding other than chunked")


def _read_length(length: bytes) -> int:
    match = _LENGTH.match(length)
    if match is None:
        raise bad_request("Content-Length is not a number")
    return int(match[1])


def _bad_request_line(data: bytes | bytearray, limits: Limits) -> Refused:
    if data.find(b"\r\n", 0, limits.request_line_bytes + 2) < 0:
        message = f"a request line longer than {limits.request_line_bytes} bytes"
        return Refused(Fault(kind="invalid_request", message=message, status=414))
    return bad_request(
        "the request line is not a known method, a path that begins with / and HTTP/1.1 or HTTP/1.0"
    )


def _too_large(message: str) -> Refused:
    return Refused(Fault(kind="invalid_request", message=message, status=431))
