import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.admin.oidc_json import read_base64url, read_object, write_base64url


@given(st.binary(min_size=1, max_size=80))
@settings(max_examples=60)
def test_what_is_written_is_read(data: bytes) -> None:
    assert read_base64url(write_base64url(data)) == data


@given(st.text(alphabet="ABab01-_=+/ \n", max_size=12))
@settings(max_examples=200)
def test_bytes_have_one_form(text: str) -> None:
    try:
        data = read_base64url(text)
    except ValueError:
        return
    assert write_base64url(data) == text


@pytest.mark.parametrize(
    "text", ["", "A", "QR", "QQ==", "Q Q", "QQ\n", "+/+/", "QUJD\u00e9", "====="]
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_base64url(text)


def test_an_object_is_read() -> None:
    assert read_object(b' {"a": [1, 2.5, null, true], "b": {"c": "\\u00e9"}} ') == {
        "a": [1, 2.5, None, True],
        "b": {"c": "é"},
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b'{"a": 1, "a": 1}',
        b'{"b": {"a": 1, "\\u0061": 2}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1} {}',
        b'{"a": \xff}',
        b"\xff\xfe{\x00}\x00",
        b"{'a': 1}",
        b'{"a":' * 5000,
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"<html>",
    ],
)
def test_what_is_no_object_or_can_be_read_in_two_ways_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_object(data)


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_an_object_or_a_value_error(data: bytes) -> None:
    try:
        read_object(data)
    except ValueError:
        pass
