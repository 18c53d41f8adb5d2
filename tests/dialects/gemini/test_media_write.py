"""Pictures, files and sound in requests."""

import pytest

from headgate.dialects.destination import Abilities, Destination
from headgate.dialects.gemini.media_write import write_audio, write_document, write_image
from headgate.model.fault import Untranslatable
from headgate.model.parts import Audio, Document, FileId, Image, Inline, PlainText, Url
from tests.dialects.gemini.drive import LEVEL


def test_bytes_are_inline_data() -> None:
    assert write_image(Image(Inline("image/png", "AA==")), LEVEL, "messages") == {
        "inlineData": {"mimeType": "image/png", "data": "AA=="}
    }


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("gs://bucket/a.png", "image/png"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", None),
        ("https://www.youtube.com/watch?v=x", None),
    ],
)
def test_what_google_can_fetch_is_file_data(url: str, media_type: str | None) -> None:
    file = write_image(Image(Url(url)), LEVEL, "messages")["fileData"]

    assert file["fileUri"] == url
    assert file.get("mimeType") == media_type


@pytest.mark.parametrize(
    "image", [Image(Url("https://example.com/a.png")), Image(FileId("file-1", "messages"))]
)
def test_what_google_cannot_fetch_is_refused_by_name(image: Image) -> None:
    with pytest.raises(Untranslatable) as caught:
        write_image(image, LEVEL, "input")

    assert caught.value.fault.param == "input"


def test_a_model_without_eyes_refuses_images() -> None:
    blind = Destination(model="m", vendor="google", abilities=Abilities(images=False))

    with pytest.raises(Untranslatable):
        write_image(Image(Inline("image/png", "AA==")), blind, "messages")


def test_documents_bring_their_title_and_context() -> None:
    document = Document(PlainText("body"), title="T", context="C")

    assert write_document(document, "messages") == [{"text": "T\nC"}, {"text": "body"}]
    assert write_document(Document(FileId("f", "gemini")), "messages") == [
        {"fileData": {"fileUri": "f"}}
    ]


def test_sound_is_inline_or_its_transcript_or_refused() -> None:
    assert write_audio(Audio("AA==", "mp3"), "messages") == {
        "inlineData": {"mimeType": "audio/mp3", "data": "AA=="}
    }
    assert write_audio(Audio(id="a", transcript="said"), "messages") == {"text": "said"}
    with pytest.raises(Untranslatable):
        write_audio(Audio(id="a"), "messages")
