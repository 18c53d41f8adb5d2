"""Headers that must not reach the wire."""

import pytest

from headgate.server.header_text import UnsafeHeader, check_headers


def test_ordinary_headers_pass() -> None:
    check_headers([(b"content-type", b"text/event-stream"), (b"x-a", "ä\tb".encode()), (b"x", b"")])
    check_headers([])


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0", b"\x1b", b"\x7f", b"a\r\nset-cookie: b"])
def test_a_value_with_a_control_character_is_refused_by_name_and_not_quoted(bad: bytes) -> None:
    with pytest.raises(UnsafeHeader, match="x-model") as caught:
        check_headers([(b"a", b"b"), (b"x-model", b"secret" + bad)])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("bad", [b"a b", b"a:", b"a\r\n", "ä".encode(), b"a("])
def test_a_name_that_is_no_token_is_refused(bad: bytes) -> None:
    with pytest.raises(UnsafeHeader):
        check_headers([(bad, b"b")])
