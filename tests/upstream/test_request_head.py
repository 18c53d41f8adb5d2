from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.upstream.answer import Call
from headgate.upstream.request_head import request_head


def _head(*headers: tuple[str, str], method: str = "POST", body: bytes = b"") -> bytes:
    call = Call(method=method, url="http://a.test/", headers=headers, body=body)
    return request_head(call, "/v1", "a.test")


def test_a_head_is_the_line_the_host_the_headers_and_the_length() -> None:
    assert _head(("x-a", "b"), body=b"four") == (
        b"POST /v1 HTTP/1.1\r\nhost: a.test\r\nx-a: b\r\ncontent-length: 4\r\n\r\n"
    )


def test_a_get_without_a_body_has_no_length_and_a_post_has_zero() -> None:
    assert b"content-length" not in _head(method="GET")
    assert b"content-length: 0\r\n" in _head(method="POST")


async def _pieces() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(("length", "said"), [(7, b"content-length: 7"), (None, b"chunked")])
async def test_a_body_in_pieces_is_announced_by_its_length_or_in_chunks(
    length: int | None, said: bytes
) -> None:
    call = Call(method="POST", url="http://a.test/", headers=(), body=_pieces(), length=length)
    assert said in request_head(call, "/", "a.test")


def test_what_belongs_to_the_connection_is_decided_here() -> None:
    head = _head(
        ("Connection", "close"),
        ("Content-Length", "99"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
        body=b"x",
    )
    assert head == b"POST /v1 HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1\r\n\r\n"


def test_a_host_that_was_chosen_is_the_one_that_is_said() -> None:
    assert _head(("Host", "b.test"), method="GET") == b"GET /v1 HTTP/1.1\r\nhost: b.test\r\n\r\n"


def test_a_proxys_lines_come_along() -> None:
    call = Call(method="GET", url="http://a.test/", headers=())
    head = request_head(call, "http://a.test/", "a.test", "proxy-authorization: x\r\n")
    assert head.endswith(b"\r\nproxy-authorization: x\r\n\r\n")


def test_values_keep_the_bytes_that_they_came_with() -> None:
    assert b"x-a: caf\xe9\r\n" in _head(("x-a", "caf\xe9"))
    assert "x-a: ☕\r\n".encode() in _head(("x-a", "☕"))


@pytest.mark.parametrize(
    "header",
    [
        ("x-a", "b\r\nevil: 1"),
        ("x-a", "b\nevil: 1"),
        ("x-a", "b\r"),
        ("x-a", "b\x00"),
        ("x a", "b"),
        ("x-a:", "b"),
        ("", "b"),
        ("x\r\nevil", "b"),
        ("é", "b"),
        ("host", "a\r\nevil: 1"),
    ],
)
def test_a_header_that_would_be_more_than_one_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="not legal"):
        _head(header)


@pytest.mark.parametrize("method", ["get", "GE T", "", "GET\r\n"])
def test_a_method_is_a_word(method: str) -> None:
    with pytest.raises(ValueError, match="not legal"):
        _head(method=method)


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3))
def test_whatever_headers_say_there_is_one_head_or_none(headers: list[tuple[str, str]]) -> None:
    try:
        head = _head(*headers, method="GET")
    except ValueError:
        return
    assert head.count(b"\r\n\r\n") == 1
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r") == head.count(b"\n") <= 3 + len(headers)
