"""Bytes of a connection cut into messages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.server.cutter import Cutter
from headgate.server.limits import Limits

START = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n"
MESSAGES = {
    START + b"\r\n": b"",
    START + b"Content-Length: 5\r\n\r\nab\r\nc": b"ab\r\nc",
    START + b"Content-Length: 4\r\n\r\n\r\n\r\n": b"\r\n\r\n",
    START + b"Transfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n": b"\r\n\r\n",
    START + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\nA: b\r\n\r\n": b"a",
}
"""With their bodies."""


def feed(cutter: Cutter, data: bytes, bodies: list[bytes]) -> None:
    """Adds a body to `bodies` for each head, and to the last what is cut off of it."""
    while data:
        if cutter.in_body:
            piece, data = cutter.cut_body(data)
            bodies[-1] += piece
        else:
            head, body, data = cutter.cut_head(data)
            if head is not None:
                bodies.append(body)


@given(st.lists(st.sampled_from([*MESSAGES]), min_size=1, max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_where_the_bytes_are_cut_does_not_matter(
    messages: list[bytes], data: st.DataObject
) -> None:
    raw = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    cutter = Cutter(Limits())
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        feed(cutter, raw[start:end], found)
    assert found == [MESSAGES[message] for message in messages]
    assert not cutter.partial
    assert not cutter.in_body


def test_it_says_what_it_waits_for() -> None:
    cutter = Cutter(Limits())
    cutter.cut_head(START)
    assert (cutter.partial, cutter.in_body) == (True, False)
    cutter.cut_head(b"Content-Length: 2\r\n\r\n")
    assert (cutter.partial, cutter.in_body) == (False, True)
    assert cutter.cut_body(b"abcd") == (b"ab", b"cd")
    assert (cutter.partial, cutter.in_body) == (False, False)


@pytest.mark.parametrize("bad", [START[:-2] + b"\n", START + b"Host: b\r\n\r\n"])
def test_the_target_of_what_is_refused_is_known(bad: bytes) -> None:
    cutter = Cutter(Limits())
    with pytest.raises(Refused):
        cutter.cut_head(bad)
    assert cutter.refused_target == b"/v1/messages"
