"""Pictures and files in requests."""

import base64
from typing import Any

import pytest

from headgate.dialects.converse.media_write import write_document, write_image
from headgate.dialects.destination import Abilities, Destination
from headgate.model.fault import Untranslatable
from headgate.model.parts import Document, FileId, Image, Inline, PlainText, Url
from tests.dialects.converse.drive import ADAPTIVE


def test_pictures_name_their_format() -> None:
    assert write_image(Image(Inline("image/jpeg", "AA==")), ADAPTIVE, "messages") == {
        "image": {"format": "jpeg", "source": {"bytes": "AA=="}}
    }
    assert write_image(Image(Url("s3://b/a.jpg")), ADAPTIVE, "messages") == {
        "image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/a.jpg"}}}
    }


@pytest.mark.parametrize(
    "source",
    [
        Url("https://example.com/a.png"),
        Url("s3://b/a.svg"),
        FileId("f", "messages"),
        Inline("image/svg+xml", "AA=="),
    ],
)
def test_what_bedrock_cannot_take_is_refused_by_name(source: Any) -> None:
    with pytest.raises(Untranslatable) as caught:
        write_image(Image(source), ADAPTIVE, "messages")

    assert caught.value.fault.param == "messages"


def test_a_model_without_eyes_refuses_images() -> None:
    blind = Destination(model="m", vendor="v", abilities=Abilities(images=False))

    with pytest.raises(Untranslatable):
        write_image(Image(Inline("image/png", "AA==")), blind, "messages")


def test_documents_have_plain_names_that_differ() -> None:
    pdf = Inline("application/pdf", "AA==")
    named = write_document(Document(pdf, title="My_file: é.pdf", context="c", cite=True), 1, "m")

    assert named["document"] == {
        "format": "pdf",
        "source": {"bytes": "AA=="},
        "name": "My file pdf 1",
        "context": "c",
        "citations": {"enabled": True},
    }
    assert write_document(Document(pdf), 2, "m")["document"]["name"] == "document 2"


def test_plain_text_is_a_file_of_text() -> None:
    written = write_document(Document(PlainText("é")), 1, "m")["document"]

    assert written["format"] == "txt"
    assert base64.b64decode(written["source"]["bytes"]).decode() == "é"
