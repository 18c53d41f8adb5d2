"""The head of a request: what it asks, its fields, and where its body ends.

What decides framing must have one reading only: RFC 9112 sections 2.2, 3.2, 5, 6.1 to 6.3 and
11.2. Every line of a head is a field or the head is refused; there is no leniency to switch on. Two
searches over the head rather than a loop over its lines: a few microseconds for an ordinary one.
"""

import re

import msgspec

from headgate.model.fault import Fault, Refused, bad_request
from headgate.server.limits import Limits
from headgate.wire.head_fields import count_fields, read_fields

_LINE = (
    r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) "
    r"(/[!$-;=@-\[\]-_a-~]*+)(?:\?([!$-;=?-\[\]-_a-~]*+))? HTTP/(1\.[01])\r\n"
)
"""Methods that are served, targets in origin form, the two versions. What a URI may not hold is
out: controls, quotes, ``#``, angle brackets, backslash, backtick, bytes above 0x7e."""

_REQUEST_LINE = re.compile(_LINE, re.ASCII)
_REQUEST_LINE_BYTES = re.compile(_LINE.encode())
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_ONCE = ("host", "content-length", "transfer-encoding", "authorization", "x-api-key")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_START = re.compile(rb"(?:[A-Z]+(?: [^\r\n]*)?)?\r?\Z")
_TARGET = re.compile(rb"[^ \r\n]* +([^ \r\n]+)")


class Head(msgspec.Struct, frozen=True):
    """What a head says. ``fields`` are its fields in their order, ``headers`` the last of each
    name; names are lower-case, a character is a byte. ``expects_continue``: the peer waits for a
    word before it sends the body (RFC 9110 section 10.1.1; not in HTTP/1.0). ``keeps_alive``: it
    may send another request behind this one. A wish to upgrade is not heeded (RFC 9110 section
    7.8)."""

    method: str
    path: str
    query: str
    version: str
    fields: list[tuple[str, str]]
    headers: dict[str, str]
    length: int = 0
    chunked: bool = False
    expects_continue: bool = False
    keeps_alive: bool = True


def read_head(data: bytes, limits: Limits) -> Head:
    """What a head says that ends in an empty line. Raises Refused where it has two readings."""
    text = data.decode("latin-1")
    if count_fields(text) > limits.header_lines:
        raise _too_large(f"more than {limits.header_lines} header fields")
    request_line = _REQUEST_LINE.match(text)
    if request_line is None or request_line.end() - 2 > limits.request_line_bytes:
        raise _bad_request_line(data, limits)
    fields = read_fields(text, request_line.end())
    if fields is None:
        raise bad_request("a line of the head is not a name, a colon and a value of good bytes")
    headers = dict(fields)
    repeats = len(headers) < len(fields)
    if repeats:
        _check_once([name for name, _ in fields])
    method, path, query, version = request_line.groups("")
    _check_host(headers.get("host"), required=version == "1.1")
    length = _length_of(headers, version)
    return Head(
        method,
        path,
        query,
        version,
        fields,
        headers,
        length or 0,
        length is None,
        version == "1.1" and headers.get("expect", "").lower() == "100-continue",
        version == "1.1" and not ("connection" in headers and _says_close(fields)),
    )


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
        if line_end >= scan_from and not _REQUEST_LINE_BYTES.match(data):
            raise _bad_request_line(data, limits)
    elif len(data) > limits.request_line_bytes + 1:
        raise _bad_request_line(data, limits)
    elif not _START.match(data):
        raise bad_request("this is not an HTTP request")


def read_target(data: bytes | bytearray) -> bytes:
    """The request target in a head that may be anything; ``b""`` where there is none."""
    match = _TARGET.match(data)
    return bytes(match[1]) if match else b""


def _check_once(names: list[str]) -> None:
    for name in _ONCE:
        if names.count(name) > 1:
            raise bad_request(f"more than one {name}")


def _check_host(host: str | None, *, required: bool) -> None:
    if host is None:
        if required:
            raise bad_request("no Host")
    elif not _HOST.fullmatch(host):
        raise bad_request("the Host is not a host name or address with an optional port")


def _length_of(headers: dict[str, str], version: str) -> int | None:
    """How long the body is; None where it is chunked."""
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        _check_coding(headers["transfer-encoding"], length, version)
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise bad_request("Content-Length is not a number")
    return int(length)


def _check_coding(coding: str, length: str | None, version: str) -> None:
    if length is not None:
        raise bad_request("both Content-Length and Transfer-Encoding")
    if version == "1.0":
        raise bad_request("Transfer-Encoding in HTTP/1.0")
    if coding.lower() != "chunked":
        raise bad_request("a Transfer-Encoding other than chunked")


def _says_close(fields: list[tuple[str, str]]) -> bool:
    """Whether any ``connection`` field has the option ``close`` (RFC 9110 section 7.6.1)."""
    said = ",".join([value for name, value in fields if name == "connection"])
    return "close" in [option.strip(" \t") for option in said.lower().split(",")]


def _bad_request_line(data: bytes | bytearray, limits: Limits) -> Refused:
    if data.find(b"\r\n", 0, limits.request_line_bytes + 2) < 0:
        message = f"a request line longer than {limits.request_line_bytes} bytes"
        return Refused(Fault(kind="invalid_request", message=message, status=414))
    return bad_request(
        "the request line is not a known method, a path that begins with / and HTTP/1.1 or HTTP/1.0"
    )


def _too_large(message: str) -> Refused:
    return Refused(Fault(kind="invalid_request", message=message, status=431))
