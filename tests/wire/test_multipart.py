import contextlib
import email
import email.policy
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.fault import Refused
from headgate.wire.multipart import (
    MOST_FIELD,
    MOST_HEADERS,
    MOST_PARTS,
    FormScanner,
    boundary_of,
    is_form,
    part_of,
)

B = "b0undary"


def field(name: str, value: bytes, *lines: str) -> bytes:
    head = [f'Content-Disposition: form-data; name="{name}"', *lines]
    return "\r\n".join([*head, "", ""]).encode() + value


def file(name: str, value: bytes, filename: str = "a.wav") -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
    return f"{disposition}\r\nContent-Type: audio/wav\r\n\r\n".encode() + value


def form(*parts: bytes) -> bytes:
    return b"".join(b"--b0undary\r\n" + part + b"\r\n" for part in parts) + b"--b0undary--\r\n"


def scanned(pieces: Sequence[bytes], once: frozenset[str] = frozenset()) -> FormScanner:
    scanner = FormScanner(B, once)
    for piece in pieces:
        scanner.feed(piece)
    scanner.end()
    return scanner


WHOLE = form(
    field("model", b"whisper-1"),
    field("prompt", b"line one\r\nline two\r\n"),
    file("file", b"\r\n-\r\n--\r\n--b0\x00--b0undar" * 3),
    field("empty", b""),
)


def test_fields_and_files_are_found_where_they_stand() -> None:
    scanner = scanned([WHOLE])
    assert [(f.name, f.value) for f in scanner.fields] == [
        ("model", b"whisper-1"),
        ("prompt", b"line one\r\nline two\r\n"),
        ("empty", b""),
    ]
    for found in scanner.fields:
        assert WHOLE[found.start : found.end] == found.value
    assert [(f.name, f.filename, f.content_type) for f in scanner.files] == [
        ("file", "a.wav", "audio/wav")
    ]
    assert scanner.files[0].size == len(b"\r\n-\r\n--\r\n--b0\x00--b0undar" * 3)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[a:b] for a, b in itertools.pairwise(places)]
    whole, cut = scanned([WHOLE]), scanned(pieces)
    assert (cut.fields, cut.files) == (whole.fields, whole.files)


def test_one_byte_at_a_time_is_enough() -> None:
    assert scanned([bytes([byte]) for byte in WHOLE]).fields == scanned([WHOLE]).fields


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(data: bytes) -> None:
    for bytes_ in (data, b"--b0undary\r\n" + data, form(field("model", data))):
        with contextlib.suppress(Refused):
            assert scanned([bytes_]).over


@given(st.binary(max_size=300))
def test_a_value_is_what_stands_between_its_delimiters(value: bytes) -> None:
    body = form(field("model", value))
    if b"--b0undary" in value:
        return
    found = scanned([body]).field("model")
    assert found is not None
    assert found.value == value


def test_a_newline_may_stand_before_the_first_boundary() -> None:
    scanner = scanned([b"\r\n" + WHOLE])
    assert scanner.begins_anew
    assert scanner.fields[0].start == scanned([WHOLE]).fields[0].start + 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"preamble\r\n" + WHOLE, "begin"),
        (WHOLE[:-6], "closing"),
        (b"", "closing"),
        (form(field("a", b"x\n--b0undary\r\n")), "line of its own"),
        (form(field("a", b"x\r--b0undary\r\n")), "line of its own"),
        (form(field("a", b"--b0undary")), "line of its own"),
        (WHOLE.replace(b"\r\n", b"\r\n--b0undary-x: y\r\n", 1), "line of its own"),
        (form(field("a", b"x\r\n--b0undaryX")), "something else"),
        (form(b"no header\r\n\r\nx"), "malformed"),
        (form(b"Content-Type: text/plain\r\n\r\nx"), "content-disposition"),
        (form(b"Content-Disposition: attachment; name=a\r\n\r\nx"), "content-disposition"),
        (form(field('a"; name="model', b"x")), "malformed"),
        (form(b"Content-Disposition: form-data; name*=utf-8''model; name=\"a\"\r\n\r\nx"), "name"),
        (form(b'Content-Disposition: form-data; name="mo\\del"\r\n\r\nx'), "name"),
        (form(field("a", b"x", 'Content-Disposition: form-data; name="b"')), "twice"),
        (form(field("a", b"x", "Content-Transfer-Encoding: base64")), "encoded"),
        (form(b'Content-Disposition: form-data;\r\n name="a"\r\n\r\nx'), "malformed"),
        (form(b'Content-Disposition: form-data; name="a\nX: y"\r\n\r\nx'), "malformed"),
        (form(b"X: " + b"y" * MOST_HEADERS), "too long"),
        (form(*[field("a", b"x")] * (MOST_PARTS + 1)), "parts"),
        (WHOLE + b"--b0undary\r\n" + field("model", b"other"), "behind"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        scanned([body])
    with pytest.raises(Refused, match=why):
        scanned([bytes([byte]) for byte in body])


def test_a_field_that_steers_stands_once_and_is_no_file() -> None:
    once = frozenset({"model"})
    with pytest.raises(Refused, match="twice") as twice:
        scanned([form(field("model", b"a"), file("file", b"x"), field("model", b"b"))], once)
    assert twice.value.fault.param == "model"
    with pytest.raises(Refused, match="not a file"):
        scanned([form(file("model", b"a"))], once)


def test_the_same_name_twice_is_refused_before_its_value_came() -> None:
    scanner = FormScanner(B, frozenset({"model"}))
    scanner.feed(form(field("model", b"a"))[:-4])
    with pytest.raises(Refused, match="twice"):
        scanner.feed(b"\r\n" + field("model", b""))


def test_long_values_are_measured_and_not_kept() -> None:
    found = scanned([form(field("a", b"x" * (MOST_FIELD + 1)), field("b", b"y"))]).fields
    assert found[0].value is None
    assert found[0].end - found[0].start == MOST_FIELD + 1
    assert found[1].value == b"y"


def test_a_large_file_takes_no_memory() -> None:
    scanner = FormScanner(B)
    scanner.feed(b"--b0undary\r\n" + file("file", b""))
    for _ in range(64):
        scanner.feed(b"x" * 65536)
        assert len(scanner._buffer) < 128
    scanner.feed(b"\r\n--b0undary--")
    scanner.end()
    assert scanner.files[0].size == 64 * 65536


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('Multipart/Form-Data;charset=utf-8; Boundary="a b"', "a b"),
        (
            "multipart/form-data;boundary=----WebKitFormBoundaryAbC123",
            "----WebKitFormBoundaryAbC123",
        ),
    ],
)
def test_the_boundary_is_read(content_type: str, boundary: str) -> None:
    assert is_form(content_type)
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=" + "a" * 71,
        'multipart/form-data; boundary="a\\"b"',
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=a\x7f",
    ],
)
def test_a_boundary_with_no_or_several_readings_is_refused(content_type: str) -> None:
    with pytest.raises(Refused, match="boundary"):
        boundary_of(content_type)


def test_only_forms_with_parts_are_forms() -> None:
    assert not is_form("application/json")
    assert not is_form("multipart/mixed; boundary=a")


def test_a_part_is_written_as_it_is_read() -> None:
    found = scanned([form(part_of("model", "näme"))]).field("model")
    assert found is not None
    assert found.value == "näme".encode()


SCRAPS = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"--b0undary",
        b"--b0undary--",
        b"--",
        b" ",
        b"x",
        b'Content-Disposition: form-data; name="model"',
        b'Content-Disposition: form-data; name="file"; filename="a"',
        b"\r\n--b0undary\r\n",
        b"\r\n\r\n",
    ]
)


def read_by_another(body: bytes) -> list[bytes]:
    """The models that a lenient reader finds in a form: the standard library's, for mail."""
    head = b"Content-Type: multipart/form-data; boundary=b0undary\r\n\r\n"
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    parts = message.iter_parts() if message.is_multipart() else ()
    named = (p for p in parts if p.get_param("name", None, "content-disposition") == "model")
    return [bytes(part.get_payload(decode=True) or b"") for part in named]


@settings(max_examples=300)
@given(st.lists(st.lists(SCRAPS, max_size=5).map(b"".join), max_size=3))
def test_a_lenient_reader_finds_no_other_model(values: list[bytes]) -> None:
    body = form(field("model", b"mine"), *(field("other", value) for value in values))
    try:
        scanned([body], frozenset({"model"}))
    except Refused:
        return
    assert read_by_another(body) == [b"mine"]


def test_a_lenient_reader_would_be_deceived_by_what_is_refused() -> None:
    hidden = b'x\n--b0undary\nContent-Disposition: form-data; name="model"\n\nother'
    body = form(field("model", b"mine"), field("other", hidden))
    assert read_by_another(body) == [b"mine", b"other"]
    with pytest.raises(Refused, match="line of its own"):
        scanned([body])
