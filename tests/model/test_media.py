import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.model.media import inline, read_url, sniff, write_url
from headgate.model.parts import Inline, Url

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "application/pdf": b"%PDF-1.7",
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(("media_type", "head"), BEGINNINGS.items())
def test_a_known_beginning_outranks_the_label(media_type: str, head: bytes) -> None:
    data = b64(head + b"x" * 40)
    assert sniff(data) == media_type
    assert inline("text/plain", data) == Inline(media_type, data)


def test_an_unknown_beginning_leaves_the_label() -> None:
    data = b64(b"anything else")
    assert inline("audio/wav", data) == Inline("audio/wav", data)
    assert inline("image/JPG", data).media_type == "image/jpeg"


def test_a_data_url_is_inline_and_others_are_urls() -> None:
    data = b64(b"anything else")
    assert read_url(f"data:text/plain;base64,{data}") == Inline("text/plain", data)
    assert read_url(f"data:text/plain;charset=utf-8;base64,{data}") == Inline("text/plain", data)
    assert read_url(f"data:;base64,{data}") == Inline("application/octet-stream", data)
    for url in ("https://a.test/b.png", "data:text/plain,hello", "data:", "", "nothing"):
        assert read_url(url) == Url(url)


@given(st.sampled_from(["a/b", "audio/wav"]), st.binary(max_size=60))
@settings(max_examples=50)
def test_what_is_written_is_read_again(media_type: str, data: bytes) -> None:
    source = inline(media_type, b64(data))
    assert read_url(write_url(source)) == source
    assert write_url(Url("https://a.test")) == "https://a.test"


@given(st.text())
@settings(max_examples=100)
def test_no_text_is_too_strange_to_look_at(text: str) -> None:
    assert sniff(text) is None or text
    source = read_url(text)
    assert isinstance(source, Inline | Url)
    assert isinstance(read_url("data:" + text), Inline | Url)
