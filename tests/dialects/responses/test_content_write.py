from typing import Any

import pytest

from headgate.dialects.destination import Destination, Quirks
from headgate.dialects.responses.content_write import (
    ContentWriter,
    output_text,
    write_annotation,
)
from headgate.model.fault import Untranslatable
from headgate.model.parts import (
    Audio,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Part,
    PlainText,
    Refusal,
    Text,
    Url,
    Vendor,
)
from tests.dialects.responses import given


def _write(
    part: Part, native: bool = False, target: Destination | None = None
) -> tuple[Any, list[str]]:
    losses: dict[str, None] = {}
    written = ContentWriter(native, target or given.destination(), losses).input_parts((part,))
    return (written[0] if written else None), list(losses)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Text("a"), {"type": "input_text", "text": "a"}),
        (Refusal("no"), {"type": "input_text", "text": "no"}),
        (Image(Url("https://x")), {"type": "input_image", "image_url": "https://x"}),
        (
            Image(Inline("image/png", "aa"), "high"),
            {"type": "input_image", "image_url": "data:image/png;base64,aa", "detail": "high"},
        ),
        (Image(FileId("f", "chat")), {"type": "input_image", "file_id": "f"}),
        (
            Document(Inline("application/pdf", "aa")),
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,aa",
            },
        ),
        (
            Document(Inline("text/plain", "aa"), "n.txt"),
            {
                "type": "input_file",
                "filename": "n.txt",
                "file_data": "data:text/plain;base64,aa",
            },
        ),
        (Document(Url("https://x")), {"type": "input_file", "file_url": "https://x"}),
        (Document(FileId("f", "chat")), {"type": "input_file", "file_id": "f"}),
        (Document(PlainText("a")), {"type": "input_text", "text": "a"}),
        (Document(PlainText("a"), "T"), {"type": "input_text", "text": "T\n\na"}),
        (
            Audio("aa", "mp3"),
            {"type": "input_audio", "input_audio": {"data": "aa", "format": "mp3"}},
        ),
        (
            Audio("aa"),
            {"type": "input_audio", "input_audio": {"data": "aa", "format": "wav"}},
        ),
    ],
)
def test_every_kind_of_part_is_written(part: Part, expected: dict[str, Any]) -> None:
    assert _write(part) == (expected, [])


@pytest.mark.parametrize(
    ("part", "losses"),
    [
        (Text("a", extras={"odd": 1}), ["messages.odd"]),
        (Document(Url("u"), context="c"), ["messages.context"]),
        (Document(Url("u"), cite=True), ["messages.citations"]),
        (Audio(id="a", transcript="hi"), ["messages.audio"]),
        (Audio(id="a"), ["messages.audio"]),
        (Vendor("messages", {"type": "search_result"}), ["messages.search_result"]),
    ],
)
def test_what_has_no_words_here_is_named(part: Part, losses: list[str]) -> None:
    assert _write(part)[1] == losses


def test_what_came_in_this_dialect_goes_back_whole() -> None:
    mark = CacheMark(None, {"mode": "explicit"})
    part = Text("a", cache=mark, extras={"odd": 1})
    assert _write(part, native=True)[0] == {
        "type": "input_text",
        "text": "a",
        "odd": 1,
        "prompt_cache_breakpoint": {"mode": "explicit"},
    }
    assert _write(part)[0] == {"type": "input_text", "text": "a"}
    named = Document(Url("https://x"), "n")
    assert _write(named, native=True)[0]["filename"] == "n"


@pytest.mark.parametrize(
    "part",
    [
        Image(FileId("f", "messages")),
        Document(FileId("f", "messages")),
        Image(PlainText("x")),
    ],
)
def test_another_vendors_file_is_refused(part: Part) -> None:
    with pytest.raises(Untranslatable):
        _write(part)


def test_an_image_for_a_blind_model_is_refused() -> None:
    with pytest.raises(Untranslatable) as refused:
        _write(Image(Url("u")), target=given.destination(images=False))
    assert refused.value.fault.param == "messages"


def test_an_image_by_address_for_a_backend_that_fetches_none_is_refused() -> None:
    target = given.destination(quirks=Quirks(takes_remote_images=False))
    with pytest.raises(Untranslatable):
        _write(Image(Url("https://x")), target=target)
    assert _write(Image(Inline("image/png", "aa")), target=target)[1] == []


def test_one_plain_text_is_a_string() -> None:
    writer = ContentWriter(True, given.destination(), {})
    assert writer.content((Text("a"),)) == "a"
    assert writer.content((Text("a"), Text("b"))) == [
        {"type": "input_text", "text": "a"},
        {"type": "input_text", "text": "b"},
    ]
    assert writer.content((Text("a", extras={"odd": 1}),)) == [
        {"type": "input_text", "text": "a", "odd": 1}
    ]


def test_citations_become_annotations_or_losses() -> None:
    losses: dict[str, None] = {}
    native = {"type": "file_citation", "file_id": "f"}
    citations = (
        Citation(url="https://x", title="t"),
        Citation(native=native, dialect="responses"),
        Citation(cited_text="c", native={"type": "char_location"}, dialect="messages"),
    )
    written = output_text(Text("four", citations), {}, losses)
    assert written["annotations"] == [
        {
            "type": "url_citation",
            "url": "https://x",
            "title": "t",
            "start_index": 0,
            "end_index": 4,
        },
        native,
    ]
    assert list(losses) == ["citations"]
    assert write_annotation(Citation(url="u", start=1, end=2), 9) == {
        "type": "url_citation",
        "url": "u",
        "title": "",
        "start_index": 1,
        "end_index": 2,
    }
