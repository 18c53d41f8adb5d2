from typing import Any

import pytest

from headgate.dialects.chat.content import (
    read_content,
    read_part,
    write_document,
    write_image,
)
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    Reasoning,
    Refusal,
    Text,
    Url,
    Vendor,
)

PNG = "iVBORw0KGgo="


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "text", "text": None}, Text("")),
        ({"type": "text", "text": "a", "x": 1}, Text("a", extras={"x": 1})),
        ({"type": "refusal", "refusal": "No"}, Refusal("No")),
        ({"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}, Reasoning("h")),
        ({"type": "thinking", "thinking": "h"}, Reasoning("h")),
        (
            {"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}},
            Image(Url("https://x"), "low"),
        ),
        ({"type": "image_url", "image_url": "https://x"}, Image(Url("https://x"))),
        ({"type": "input_audio", "input_audio": {"data": "A", "format": "wav"}}, Audio("A", "wav")),
        (
            {"type": "file", "file": {"file_id": "f", "filename": "n"}},
            Document(FileId("f", "chat"), "n"),
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}},
            Document(Inline("application/pdf", "AAAA")),
        ),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text("a", cache=CacheMark("1h", {"type": "ephemeral", "ttl": "1h"})),
        ),
    ],
)
def test_each_kind_of_part_is_read(entry: Any, part: Part) -> None:
    assert read_part(entry) == part


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "document_url", "document_url": "u"},
        {"type": "image_url", "image_url": None},
        {"type": "file", "file": {}},
        {"type": "text", "text": 5},
        {},
    ],
)
def test_what_has_no_word_rides_whole(entry: Any) -> None:
    assert read_part(entry) == Vendor("chat", entry)


def test_t91_the_bytes_decide_what_a_picture_is() -> None:
    entry = {"type": "image_url", "image_url": {"url": f"data:image/jpg;base64,{PNG}"}}
    assert read_part(entry) == Image(Inline("image/png", PNG))


def test_content_is_a_string_or_a_list_or_nothing() -> None:
    assert read_content("a") == (Text("a"),)
    assert read_content(["a", {"type": "text", "text": "b"}, 5]) == (Text("a"), Text("b"))
    nothings: tuple[Any, ...] = ("", None, [], 5, {})
    assert [read_content(nothing) for nothing in nothings] == [()] * 5


def test_files_of_other_vendors_have_no_part() -> None:
    assert write_image(Image(FileId("f", "messages"))) is None
    assert write_document(Document(FileId("f", "messages"))) is None
    assert write_document(Document(FileId("f", "chat"))) == {
        "type": "file",
        "file": {"file_id": "f"},
    }


def test_a_nameless_file_gets_a_name() -> None:
    written = write_document(Document(Inline("application/pdf", "AA")))
    assert written is not None
    assert written["file"]["filename"] == "document.pdf"
