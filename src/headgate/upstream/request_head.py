"""The head of a request as bytes."""

import functools
import re

from headgate.upstream.answer import Call

_OURS = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Decided by who owns the connection, whatever a call says; but for ``host``, which may differ."""

_NO_BODY = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "DELETE"))
_HEAD = re.compile(
    r"[A-Z]++ [!-~]++ HTTP/1\.1\r\n"
    r"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++: [^\x00-\x08\x0a-\x1f\x7f]*+\r\n)++"
)


def request_head(call: Call, target: str, host: str, more: str = "") -> bytes:
    """The head of `call` for `target` at `host`; `more` are whole lines.

    Raises ValueError where what the call says would not be one head (RFC 9110 section 5).
    """
    return _lines(call.method, target, host, more, call.headers) + _length(call)


@functools.lru_cache(maxsize=256)
def _lines(
    method: str, target: str, host: str, more: str, headers: tuple[tuple[str, str], ...]
) -> bytes:
    """All lines but those of the length. Most callers send the same headers all the time."""
    fields = ""
    count = 2 + more.count("\n")
    for name, value in headers:
        lower = name.lower()
        if lower not in _OURS:
            fields += f"{name}: {value}\r\n"
            count += 1
        elif lower == "host":
            host = value
    head = f"{method} {target} HTTP/1.1\r\nhost: {host}\r\n{more}{fields}"
    if not _HEAD.fullmatch(head) or head.count("\n") != count:
        raise ValueError("a header of the request is not legal")
    return _encoded(head)


def _length(call: Call) -> bytes:
    """The line that says where the body ends, and the end of the head."""
    body = call.body
    if not isinstance(body, bytes):
        if call.length is None:
            return b"transfer-encoding: chunked\r\n\r\n"
        return b"content-length: %d\r\n\r\n" % call.length
    if body or call.method not in _NO_BODY:
        return b"content-length: %d\r\n\r\n" % len(body)
    return b"\r\n"


def _encoded(head: str) -> bytes:
    """Latin-1, in which a caller's bytes come back as they were; UTF-8 for what is beyond."""
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:
        return head.encode("utf-8")
