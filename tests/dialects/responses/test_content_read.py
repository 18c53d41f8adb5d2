from typing import Any

import pytest

from headgate.dialects.responses.content_read import read_annotation, read_content, read_output_text
from headgate.model.fault import Refused
from headgate.model.parts import (
    Audio,
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Refusal,
    Text,
    Url,
    Vendor,
)

PNG = "iVBORw0KGgoAAAANSUhEUg=="


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a", "annotations": []}, Text("a")),
        ("a", Text("a")),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        (
            {"type": "input_text", "text": "a", "odd": 1},
            Text("a", extras={"odd": 1}),
        ),
        (
            {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
            Text("a", cache=CacheMark(None, {"mode": "explicit"})),
        ),
        (
            {"type": "input_image", "image_url": "https://x/a.png", "detail": "low"},
            Image(Url("https://x/a.png"), "low"),
        ),
        (
            {"type": "input_image", "image_url": {"url": "https://x/a.png"}},
            Image(Url("https://x/a.png")),
        ),
        ({"type": "input_image", "file_id": "f"}, Image(FileId("f", "responses"))),
        (
            {"type": "input_file", "file_url": "https://x/a.pdf"},
            Document(Url("https://x/a.pdf")),
        ),
        (
            {
                "type": "input_file",
                "file_data": "data:application/pdf;base64,JVBERi0=",
                "filename": "a",
            },
            Document(Inline("application/pdf", "JVBERi0="), "a"),
        ),
        (
            {"type": "input_file", "file_data": "JVBERi0="},
            Document(Inline("application/pdf", "JVBERi0=")),
        ),
        ({"type": "input_file", "file_id": "f"}, Document(FileId("f", "responses"))),
        (
            {"type": "input_audio", "input_audio": {"data": "aa", "format": "mp3"}},
            Audio("aa", "mp3"),
        ),
        ({"type": "hologram"}, Vendor("responses", {"type": "hologram"})),
        ({"type": "input_image"}, Vendor("responses", {"type": "input_image"})),
    ],
)
def test_every_kind_of_part_is_read(part: Any, expected: Any) -> None:
    assert read_content([part], "input[0].content") == (expected,)


def test_a_string_is_one_text_and_null_is_nothing() -> None:
    assert read_content("hi", "p") == (Text("hi"),)
    assert read_content("", "p") == (Text(""),)
    assert read_content(None, "p") == ()


def test_t91_the_bytes_of_a_picture_outrank_its_label() -> None:
    part = {"type": "input_image", "image_url": f"data:image/jpg;base64,{PNG}"}
    assert read_content([part], "p") == (Image(Inline("image/png", PNG)),)


@pytest.mark.parametrize(("content", "param"), [(3, "p"), ({"a": 1}, "p"), ([3], "p[0]")])
def test_content_of_the_wrong_type_is_refused_by_name(content: Any, param: str) -> None:
    with pytest.raises(Refused) as refused:
        read_content(content, "p")
    assert refused.value.fault.param == param


def test_annotations_and_logprobs_of_an_answer_are_kept() -> None:
    native = {
        "type": "url_citation",
        "url": "https://x",
        "title": "t",
        "start_index": 1,
        "end_index": 2,
    }
    part = {
        "type": "output_text",
        "text": "a",
        "annotations": [native],
        "logprobs": [{"token": "a"}],
    }
    read = read_output_text(part, {"id": "msg_1"})
    assert read.citations == (read_annotation(native),)
    assert read.logprobs == ({"token": "a"},)
    assert read.extras == {"responses": {"id": "msg_1"}}
    citation = read.citations[0]
    assert (citation.url, citation.title, citation.start, citation.end) == ("https://x", "t", 1, 2)
    assert citation.native == native
