from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.agents.form import MOST_FIELDS, MOST_HEADER_BYTES, read_form
from headgate.model.fault import Fault, Refused

TYPE = "multipart/form-data; boundary=xx"


def part(disposition: str, data: str = "v") -> bytes:
    return f"--xx\r\ncontent-disposition: {disposition}\r\n\r\n{data}\r\n".encode()


def test_fields_and_files_are_read_in_order() -> None:
    file = b'--xx\r\nContent-Disposition: form-data; name="files"; filename="a b.txt"\r\n'
    file += b"Content-Type: text/csv\r\n\r\n1,2\r\n\r\n3\r\n"
    body = part('form-data; name="message"', "Hi") + file + b"--xx--\r\n"
    message, table = read_form(TYPE, body)
    assert (message.name, message.data, message.filename) == ("message", b"Hi", None)
    assert (table.name, table.filename, table.media_type) == ("files", "a b.txt", "text/csv")
    assert table.data == b"1,2\r\n\r\n3"


def test_preamble_epilogue_and_padding_are_passed_over() -> None:
    padded = part("form-data; name=a").replace(b"--xx\r\n", b"--xx \t\r\n")
    (field,) = read_form(TYPE, b"before\r\n" + padded + b"--xx-- \r\nbehind --xx")
    assert (field.name, field.data) == ("a", b"v")


_NAMES = st.text("abcdefgh äöü.-_", min_size=1, max_size=10).map(str.strip).filter(bool)


@settings(max_examples=60)
@given(st.lists(st.tuples(_NAMES, st.binary(max_size=60)), min_size=1, max_size=5))
def test_whatever_another_library_writes_is_read(files: list[tuple[str, bytes]]) -> None:
    parts: Any = [("files", (name, data, "application/x-odd")) for name, data in files]
    request = httpx.Request("POST", "http://x/", files=parts, data={"message": "Grüße"})
    message, *read = read_form(request.headers["content-type"], request.read())
    assert message.data.decode() == "Grüße"
    assert [(field.filename, field.data) for field in read] == files
    assert {field.media_type for field in read} == {"application/x-odd"}


@settings(max_examples=100)
@given(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            [b"--xx", b"--xx--", b"\r\n", b"\n", b"content-disposition: form-data; name=a", b"\xff"]
        )
    ).map(b"".join),
)
def test_any_bytes_are_fields_or_a_named_error(parameters: str, body: bytes) -> None:
    for content_type in (TYPE, f"multipart/form-data; boundary={parameters}"):
        fault = fault_of(content_type, body)
        assert fault is None or (fault.http_status, "multipart" in fault.message) == (400, True)


def fault_of(content_type: str, body: bytes) -> Fault | None:
    try:
        read_form(content_type, body)
    except Refused as refusal:
        return refusal.fault
    return None


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("multipart/form-data", part("form-data; name=a") + b"--xx--", "no valid boundary"),
        ("multipart/form-data; boundary=" + 71 * "x", b"", "no valid boundary"),
        ("multipart/form-data; boundary=yy", part("form-data; name=a") + b"--xx--", "not divided"),
        (TYPE, b"", "not divided"),
        (TYPE, part("form-data; name=a"), "before its closing boundary"),
        (TYPE, b"--xx\r\nno blank line\r\n--xx--", "no blank line"),
        (TYPE, b"--xxtail\r\n\r\n\r\n--xx--", "no blank line"),
        (TYPE, part("attachment; name=a") + b"--xx--", "with a name"),
        (TYPE, part("form-data") + b"--xx--", "with a name"),
        (TYPE, part("form-data; name=" + MOST_HEADER_BYTES * "a") + b"--xx--", "longer than"),
        (TYPE, b"--xx\r\n\xff: a\r\n\r\nv\r\n--xx--", "cannot be read"),
        (TYPE, part("form-data; name*=\0''a") + b"--xx--", "cannot be read"),
        (f"multipart/form-data; boundary*{5000 * '1'}=a", b"", "longer than"),
        (TYPE, part("form-data; name=a") * (MOST_FIELDS + 1) + b"--xx--", "more than"),
    ],
)
def test_a_broken_form_is_refused_by_name(content_type: str, body: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_form(content_type, body)


def test_as_many_fields_as_are_allowed_are_read() -> None:
    body = part("form-data; name=a") * MOST_FIELDS + b"--xx--"
    assert len(read_form(TYPE, body)) == MOST_FIELDS
