"""The head of a request as bytes."""

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
    fields = ""
    count = 3 + more.count("\n")
    for name, value in call.headers:
        lower = name.lower()
        if lower not in _OURS:
            fields += f"{name}: {value}\r\n"
            count += 1
        elif lower == "host":
            host = value
    length = _length(call)
    head = f"{call.method} {target} HTTP/1.1\r\nhost: {host}\r\n{more}{fields}{length}"
    if not _HEAD.fullmatch(head) or head.count("\n") != count - (not length):
        raise ValueError("a header of the request is not legal")
    return _encoded(head + "\r\n")


def _length(call: Call) -> str:
    body = call.body
    if not isinstance(body, bytes):
        if call.length is None:
            return "transfer-encoding: chunked\r\n"
        return f"content-length: {call.length}\r\n"
    if body or call.method not in _NO_BODY:
        return f"content-length: {len(body)}\r\n"
    return ""


def _encoded(head: str) -> bytes:
    """Latin-1, in which a caller's bytes come back as they were; UTF-8 for what is beyond."""
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:
        return head.encode("utf-8")
