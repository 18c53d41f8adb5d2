"""Bytes of a connection cut into messages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.server.cutter import Cutter
from headgate.server.limits import Limits

START = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n"
MESSAGES = st.sampled_from(
    [
        START + b"\r\n",
        START + b"Content-Length: 5\r\n\r\nab\r\nc",
        START + b"Content-Length: 4\r\n\r\n\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
        START + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\nA: b\r\n\r\n",
    ]
)


def feed(cutter: Cutter, data: bytes, messages: list[bytes]) -> None:
    """Adds what is cut off to the last of `messages`, and a new one behind each that is whole."""
    while data:
        piece, data = cutter.cut(data)
        messages[-1] += piece
        if piece and not cutter.in_body:
            messages.append(b"")


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_where_the_bytes_are_cut_does_not_matter(
    messages: list[bytes], data: st.DataObject
) -> None:
    raw = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    cutter = Cutter(Limits())
    found = [b""]
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        feed(cutter, raw[start:end], found)
    assert found == [*messages, b""]
    assert not cutter.partial


def test_it_says_what_it_waits_for() -> None:
    cutter = Cutter(Limits())
    cutter.cut(START)
    assert (cutter.partial, cutter.in_body) == (True, False)
    cutter.cut(b"Content-Length: 2\r\n\r\n")
    assert (cutter.partial, cutter.in_body) == (False, True)
    assert cutter.cut(b"abcd") == (b"ab", b"cd")
    assert (cutter.partial, cutter.in_body) == (False, False)


@pytest.mark.parametrize("bad", [START[:-2] + b"\n", START + b"Host: b\r\n\r\n"])
def test_the_target_of_what_is_refused_is_known(bad: bytes) -> None:
    cutter = Cutter(Limits())
    with pytest.raises(Refused):
        cutter.cut(bad)
    assert cutter.refused_target == b"/v1/messages"
